import { cursorOf } from "../../core/index.ts";
import type { LogEvent } from "../../core/index.ts";
import type { ConversationSnapshot } from "../../ports/index.ts";

/** What the first line of an archive says that it is. */
export const ARCHIVE_FORMAT = "holdfast.conversation";
/** The version of the format that is written, and the newest that is read. */
export const ARCHIVE_VERSION = 1;

/**
 * A conversation as lines of JSON: a header, the entries of the log, the records of the runs, and an end with their
 * numbers, so that a file that was cut is known for one. The same conversation gives the same bytes, whichever store it
 * is read from. When it was last touched is not part of it: where it is read in, that is then.
 */
export function* archiveLines(snapshot: ConversationSnapshot): Generator<string> {
  const { id, agent, createdAt, runs, base, tip, inbox, entries, records } = snapshot;
  const format = { format: ARCHIVE_FORMAT, version: ARCHIVE_VERSION };
  yield line({ ...format, id, agent, createdAt, runs, base, tip, inbox: inbox.map(inOrder) });
  for (const event of entries) yield line({ entry: entryInOrder(event) });
  for (const record of records) yield line({ record });
  yield line({ end: { entries: entries.length, records: records.length } });
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

/** An event is kept apart by the stores, and its fields come back in another order from each. */
function entryInOrder(event: LogEvent): object {
  const { v: _version, attempt: _attempt, seq: _seq, at, run, type, ...rest } = event;
  return { cursor: cursorOf(event), at, run, type, ...inOrder(rest) };
}

/** With its own fields by name; what is within them is as somebody wrote it, and stays. */
function inOrder(fields: object): object {
  return Object.fromEntries(Object.entries(fields).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
