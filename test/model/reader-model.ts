import { compareCursors, cursorOf, isRunEnd, isSettled, START } from "../../src/core/index.ts";
import type { Cursor, LogEvent } from "../../src/core/index.ts";
import { requireReadable } from "../../src/ports/index.ts";
import { isShown, leavesBehind } from "../../src/runtime/open-reading.ts";
import type { Opening } from "../../src/runtime/open-reading.ts";
import * as store from "./store-model.ts";
import type { StoreRules, StoreState } from "./store-model.ts";

/**
 * A reader and what it has on its screen. It comes at any time, is cut at any time and comes back with the newest cursor
 * it was shown. Readers do not touch anything: one that may do all of it at any time stands for any number.
 */
export type Reader =
  | { readonly kind: "away"; readonly after: Cursor | undefined; readonly screen: Screen }
  | {
      readonly kind: "reading";
      readonly opening: Opening;
      /** How far into the log this reading has come, shown or not. */
      readonly position: Cursor;
      readonly after: Cursor | undefined;
      readonly screen: Screen;
    }
  /** It was told that it has everything, of so many runs. */
  | { readonly kind: "finished"; readonly runs: number; readonly screen: Screen }
  /** It was told that it cannot go on from its cursor. */
  | { readonly kind: "refused" };

/** The texts that are shown, each under the cursor that it came with. */
export type Screen = readonly { readonly cursor: Cursor; readonly run: number; readonly text: string }[];

export interface ReaderRules {
  readonly isShown: typeof isShown;
  readonly leavesBehind: typeof leavesBehind;
  /** Whether resets and void entries come to it as to any client, or everything that is left of the log. */
  readonly everything: boolean;
}

export const READER_RULES: ReaderRules = { isShown, leavesBehind, everything: false };

export interface ReaderStep {
  readonly says: string;
  readonly reader: Reader;
  /** The entry that was read, and the position it was read at. */
  readonly read?: { readonly event: LogEvent; readonly after: Cursor };
}

export const NEW_READER: Reader = { kind: "away", after: undefined, screen: [] };

export function readerSteps(
  reader: Reader,
  known: StoreState,
  rules: ReaderRules,
  storeRules: StoreRules,
): readonly ReaderStep[] {
  switch (reader.kind) {
    case "away":
      return [open(reader, known, rules)];
    case "reading":
      return [...next(reader, known, rules, storeRules), cut(reader)];
    case "finished":
    case "refused":
      return [];
  }
}

/** As openReading does for a reader of the whole conversation that does not follow for ever. */
function open(
  { after, screen }: Extract<Reader, { kind: "away" }>,
  known: StoreState,
  { everything }: ReaderRules,
): ReaderStep {
  const position = after ?? START;
  try {
    requireReadable(known, position);
  } catch {
    return { says: "is refused", reader: { kind: "refused" } };
  }
  if (isSettled(known)) {
    if (position === START && known.base === known.tip)
      return { says: "comes too late", reader: { kind: "refused" } };
    if (position === known.tip) return { says: "is told that this is all", reader: finished(screen, known) };
  }
  const start = position === START ? known.base : position;
  const { voided } = known;
  // Where the log ended matters only for which resets were before it: those that are known.
  const tip = voided.at(-1)?.reset ?? START;
  const opening = { start, everything, conversation: { tip, voided } };
  return {
    says: `comes with ${after ?? "no cursor"}`,
    reader: { kind: "reading", opening, position: start, after, screen },
  };
}

/** One more entry, as readEntries does. */
function next(
  reader: Extract<Reader, { kind: "reading" }>,
  known: StoreState,
  rules: ReaderRules,
  storeRules: StoreRules,
): readonly ReaderStep[] {
  let event: LogEvent | undefined;
  try {
    [event] = store.read(known, reader.position, 1, storeRules);
  } catch {
    return [{ says: "is refused", reader: { kind: "refused" } }];
  }
  if (!event) return [];
  if (rules.leavesBehind(event, reader.position))
    return [{ says: "is told that its place is lost", reader: { kind: "refused" } }];
  const position = cursorOf(event);
  const read = { event, after: reader.position };
  if (!rules.isShown(event, reader.opening)) {
    return [{ says: `is not shown ${position}`, reader: { ...reader, position }, read }];
  }
  const screen = render(reader.screen, event);
  const says = `is shown ${position} ${event.type}`;
  if (isRunEnd(event) && event.run >= known.runs) return [{ says, reader: finished(screen, known), read }];
  // Clients that only know text do not see the other entries, and come back with an earlier cursor.
  const told = rules.everything || event.type === "text-delta" || event.type === "step-reset";
  const after = told ? position : reader.after;
  return [{ says, reader: { ...reader, position, after, screen }, read }];
}

function finished(screen: Screen, { runs }: StoreState): Reader {
  return { kind: "finished", runs, screen };
}

function cut({ after, screen }: Extract<Reader, { kind: "reading" }>): ReaderStep {
  return { says: "is cut", reader: { kind: "away", after, screen } };
}

function render(screen: Screen, event: LogEvent): Screen {
  if (event.type === "text-delta")
    return [...screen, { cursor: cursorOf(event), run: event.run, text: event.delta }];
  if (event.type === "step-reset")
    return screen.filter((shown) => compareCursors(shown.cursor, event.from) < 0);
  return screen;
}

export function shownText(screen: Screen, run: number): string {
  return screen.flatMap((shown) => (shown.run === run ? [shown.text] : [])).join("");
}
