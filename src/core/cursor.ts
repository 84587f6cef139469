import { AgentError } from "./error.ts";

declare const CURSOR: unique symbol;

/**
 * A position in a conversation's log, printed `<attempt>-<seq>`: the SSE id, the Redis entry id and the `cursor`
 * parameter are all this one thing. Clients treat it as opaque.
 */
export type Cursor = string & { readonly [CURSOR]: true };

/** The position before the first entry of any log. */
export const START: Cursor = "0-0" as Cursor;

const PATTERN = /^(0|[1-9]\d{0,15})-(0|[1-9]\d{0,15})$/;

export function cursorAt(attempt: number, seq: number): Cursor {
  return `${attempt}-${seq}` as Cursor;
}

/** Reads a cursor from outside. Throws `invalid_cursor` for anything that no log could have printed. */
export function parseCursor(text: string): Cursor {
  const match = PATTERN.exec(text);
  if (match && Number.isSafeInteger(Number(match[1])) && Number.isSafeInteger(Number(match[2]))) {
    return text as Cursor;
  }
  throw new AgentError(
    "invalid_cursor",
    "The cursor is malformed: pass the id of an event of this stream, as in 3-17.",
    { details: { field: "cursor" } },
  );
}

export function attemptOf(cursor: Cursor): number {
  return Number(cursor.slice(0, cursor.indexOf("-")));
}

export function seqOf(cursor: Cursor): number {
  return Number(cursor.slice(cursor.indexOf("-") + 1));
}

/** Negative when `a` comes before `b` in the log, zero when they are the same entry, positive when after. */
export function compareCursors(a: Cursor, b: Cursor): number {
  return attemptOf(a) - attemptOf(b) || seqOf(a) - seqOf(b);
}
