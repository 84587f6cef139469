import { AgentError, attemptOf, parseCursor, seqOf } from "../core/index.ts";
import type { Cursor } from "../core/index.ts";

/** A safe integer has at most so many digits: offsets of one length sort as texts as their entries do in the log. */
const DIGITS = 16;

/** The position after an entry, or before the first, in the form that the Durable Streams protocol asks of offsets. */
export function formatOffset(after: Cursor): string {
  return `${padded(attemptOf(after))}_${padded(seqOf(after))}`;
}

/** Throws `invalid_cursor`. */
export function parseOffset(text: string): Cursor {
  const [, attempt, seq] = OFFSET.exec(text) ?? [];
  if (attempt === undefined || seq === undefined) {
    throw new AgentError(
      "invalid_cursor",
      "The offset is malformed: pass -1, now, or a Stream-Next-Offset of this stream.",
      { details: { field: "offset" } },
    );
  }
  return parseCursor(`${Number(attempt)}-${Number(seq)}`);
}

const OFFSET = new RegExp(String.raw`^(\d{${DIGITS}})_(\d{${DIGITS}})$`);

function padded(number: number): string {
  return String(number).padStart(DIGITS, "0");
}
