import { attemptOf, comesNext, compareCursors, cursorAt, seqOf, START } from "../core/index.ts";
import type { Cursor, LogEvent } from "../core/index.ts";
import type { Entry } from "./entry.ts";

/**
 * What a reader has on its screen, and up to where it has read: one value, so that neither is ever ahead of the other.
 * Plain JSON, to be kept over a reload.
 */
export interface Rendering {
  /** The newest entry taken; absent before the first. */
  readonly cursor?: Cursor;
  /** The run that the text is of; 0 before the first. */
  readonly run: number;
  /** All that is to be shown of that run's text. */
  readonly text: string;
  /** Where the open step began, in the log and in the text: what a reset goes back to. */
  readonly step?: { readonly from: Cursor; readonly length: number };
}

export const NOTHING_RENDERED: Rendering = { run: 0, text: "" };

/** What became of an entry: taken, had already, or entries before it are missing. */
export type Taken =
  | { readonly kind: "taken"; readonly rendering: Rendering }
  | { readonly kind: "duplicate" }
  | { readonly kind: "hole" };

/** The rendering after one more entry (L3, L7). */
export function takeEntry(rendering: Rendering, { cursor, event }: Entry): Taken {
  if (rendering.cursor !== undefined && compareCursors(cursor, rendering.cursor) <= 0) {
    return { kind: "duplicate" };
  }
  if (!fits(rendering, cursor, event)) return { kind: "hole" };
  return { kind: "taken", rendering: { ...(event ? render(rendering, cursor, event) : rendering), cursor } };
}

/** Whether nothing is missing between what was taken last and this entry (L3: any loss shows). */
function fits({ cursor: last, run }: Rendering, cursor: Cursor, event: LogEvent | undefined): boolean {
  // From its beginning a log is read from the start of an attempt, whichever is the first that is kept.
  if (last === undefined) return event?.type === "attempt-start";
  // A reader that asked for a cursor of its own and one run may be told to begin later than it asked.
  if (run === 0 && event?.type === "attempt-start") return true;
  const next = cursorAt(attemptOf(last), seqOf(last) + 1);
  if (cursor === next || (event !== undefined && comesNext(event, last))) return true;
  // Whoever comes later never sees what a reset voided, but sees the reset, which says from where.
  return event?.type === "step-reset" && compareCursors(event.from, next) <= 0;
}

function render(before: Rendering, cursor: Cursor, event: LogEvent): Rendering {
  const rendering = event.run === before.run ? before : beginRun(event.run, cursor);
  const { run, text, step } = rendering;
  if (event.type === "step-start") return { run, text, step: { from: cursor, length: text.length } };
  if (event.type === "text-delta") return { ...rendering, text: text + event.delta };
  if (event.type === "step-end") return { run, text };
  if (event.type !== "step-reset" || !step || compareCursors(step.from, event.from) < 0) return rendering;
  return { run, text: text.slice(0, step.length) };
}

/** A reader may come in the middle of a step: then all it has of the run may be withdrawn. */
function beginRun(run: number, cursor: Cursor): Rendering {
  return { run, text: "", step: { from: cursor, length: 0 } };
}

/** A rendering that goes on after a cursor of the caller's own; the text before it is the caller's too. */
export function renderingAfter(cursor: Cursor): Rendering {
  return cursor === START ? NOTHING_RENDERED : { ...NOTHING_RENDERED, cursor };
}
