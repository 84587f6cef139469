import { attemptOf, parseCursor, parseEvent, seqOf } from "../core/index.ts";
import type { Cursor, LogEvent } from "../core/index.ts";

/** An entry of the log as it came over the wire. */
export interface Entry {
  readonly cursor: Cursor;
  /** Undefined for a type that this version does not know: it has its place in the log, and nothing to show. */
  readonly event: LogEvent | undefined;
}

/** A message of a stream of all events; undefined for what no Holdfast has written. */
export function entryFromMessage(message: {
  readonly id?: string | undefined;
  readonly data: string;
}): Entry | undefined {
  try {
    const cursor = parseCursor(message.id ?? "");
    const { cursor: _cursor, ...body } = JSON.parse(message.data) as Record<string, unknown>;
    // On the wire the cursor stands for these three.
    const event = parseEvent({ v: 1, attempt: attemptOf(cursor), seq: seqOf(cursor), ...body });
    return { cursor, event };
  } catch {
    return undefined; // Garbled on the way: a hole, for the caller to close.
  }
}
