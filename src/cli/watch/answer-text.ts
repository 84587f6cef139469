import type { FollowUpdate } from "../../client/index.ts";
import { isRunEnd } from "../../core/index.ts";

/** What has been printed of an answer. */
export interface PrintedText {
  /** 0 before the first. */
  readonly run: number;
  /** How many characters of that run's text. */
  readonly length: number;
  /** Where somebody goes on who has exactly what is printed; absent: from the beginning. */
  readonly cursor: string | undefined;
}

/** What one entry adds to the print. */
export interface TextPiece {
  readonly printed: PrintedText;
  readonly text: string;
  /** Text that stands there already is withdrawn by this entry: what follows begins again at the step. */
  readonly withdraws: boolean;
  /** The first text of another run than the one that was printed before. */
  readonly anotherRun: boolean;
}

/** Decides what of an answer is printed when. */
export type Printing = (before: PrintedText, update: FollowUpdate) => TextPiece;

export function nothingPrinted(cursor: string | undefined): PrintedText {
  return { run: 0, length: 0, cursor };
}

/** For a terminal: everything as it comes. What a reset withdraws stands there all the same, and is spoken of. */
export const printAtOnce: Printing = (before, update) => {
  const { run, text, cursor, event } = update;
  const length = lengthOf(before, run);
  const withdraws = text.length < length;
  const added = event.type === "text-delta" ? event.delta : "";
  return pieceOf(before, update, { text: added, withdraws, length: text.length, cursor });
};

/**
 * For a file or another program, where nothing can be taken back: the text of a step when the step has ended, since it is
 * certain from then on. What was printed is always a beginning of the final text.
 */
export const printWhenCertain: Printing = (before, update) => {
  const { run, text, cursor, event } = update;
  const length = lengthOf(before, run);
  const certain = event.type === "step-end" || isRunEnd(event);
  if (!certain) return pieceOf(before, update, { text: "", withdraws: false, length, cursor: before.cursor });
  return pieceOf(before, update, { text: text.slice(length), withdraws: false, length: text.length, cursor });
};

function lengthOf(before: PrintedText, run: number): number {
  return before.run === run ? before.length : 0;
}

interface Print {
  readonly text: string;
  readonly withdraws: boolean;
  readonly length: number;
  readonly cursor: string | undefined;
}

function pieceOf(before: PrintedText, { run }: FollowUpdate, print: Print): TextPiece {
  const { text, withdraws, length, cursor } = print;
  // Another run's text begins only when there is some: until then the print is of the run before.
  if (text === "" && before.run !== run && before.run !== 0) {
    return { printed: { ...before, cursor }, text, withdraws: false, anotherRun: false };
  }
  const anotherRun = before.run !== 0 && before.run !== run;
  return { printed: { run, length, cursor }, text, withdraws, anotherRun };
}
