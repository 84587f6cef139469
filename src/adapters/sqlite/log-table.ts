import type { DatabaseSync } from "node:sqlite";
import { attemptOf, cursorAt, seqOf } from "../../core/index.ts";
import type { Cursor, LogEvent, VoidedRange } from "../../core/index.ts";
import { EntryParser } from "./entry-parser.ts";

/** The entries of every conversation, and which of them are void. */
export interface LogTable {
  /** Up to `limit` entries after a cursor, in order. */
  read(key: number, after: Cursor, limit: number): readonly LogEvent[];
  write(key: number, entries: readonly SerializedEntry[]): void;
  voided(key: number): readonly VoidedRange[];
  /** The cursor of the `count`-th entry kept, if there are so many. */
  nth(key: number, count: number): Cursor | undefined;
  /** Drops entries up to and including a cursor. */
  dropUpTo(key: number, end: Cursor): void;
}

/** An entry in the form it is stored in; made before a transaction, so that what is no JSON is refused there. */
export interface SerializedEntry {
  readonly event: LogEvent;
  readonly text: string;
}

export function serialize(event: LogEvent): SerializedEntry {
  return { event, text: JSON.stringify(event) };
}

type EntryRow = readonly [event: string];

export function createLogTable(database: DatabaseSync): LogTable {
  // One attempt at a time: of (attempt, seq) > (?, ?) SQLite asks every row again what the index has told.
  const readAttempt = database.prepare(
    "SELECT event FROM entries WHERE conversation = ? AND attempt = ? AND seq > ? ORDER BY seq LIMIT ?",
  );
  const readLater = database.prepare(
    "SELECT event FROM entries WHERE conversation = ? AND attempt > ? ORDER BY attempt, seq LIMIT ?",
  );
  // Rows as objects with names would cost as much as reading them.
  readAttempt.setReturnArrays(true);
  readLater.setReturnArrays(true);
  const nthAfter = database.prepare(
    `SELECT attempt, seq FROM entries
     WHERE conversation = ? AND (attempt, seq) > (?, ?) ORDER BY attempt, seq LIMIT 1 OFFSET ?`,
  );
  const insert = database.prepare("INSERT INTO entries VALUES (?, ?, ?, ?)");
  const insertVoided = database.prepare("INSERT INTO voided VALUES (?, ?, ?, ?)");
  const voided = database.prepare(
    `SELECT reset_attempt, reset_seq, start FROM voided
     WHERE conversation = ? ORDER BY reset_attempt, reset_seq`,
  );
  const nth = database.prepare(
    "SELECT attempt, seq FROM entries WHERE conversation = ? ORDER BY attempt, seq LIMIT 1 OFFSET ?",
  );
  const dropEntries = database.prepare(
    "DELETE FROM entries WHERE conversation = ? AND (attempt, seq) <= (?, ?)",
  );
  const dropVoided = database.prepare(
    "DELETE FROM voided WHERE conversation = ? AND (reset_attempt, reset_seq) <= (?, ?)",
  );

  function readRows(key: number, after: Cursor, limit: number): readonly EntryRow[] {
    const attempt = attemptOf(after);
    const rows = readAttempt.all(key, attempt, seqOf(after), limit) as unknown as readonly EntryRow[];
    if (rows.length === limit) return rows;
    const later = readLater.all(key, attempt, limit - rows.length) as unknown as readonly EntryRow[];
    return rows.length === 0 ? later : [...rows, ...later];
  }

  function readEntries(key: number, after: Cursor, limit: number): readonly LogEvent[] {
    const rows = readRows(key, after, limit);
    const parser = new EntryParser();
    const events: LogEvent[] = [];
    for (const [json] of rows) {
      const event = parser.parse(json);
      if (event) events.push(event);
    }
    if (rows.length < limit || events.length === rows.length) return events;
    // What a newer version wrote was passed over: a page short of entries would look like the tip.
    const last = nthAfter.get(key, attemptOf(after), seqOf(after), limit - 1);
    if (!last) return events;
    const reached = cursorAt(Number(last["attempt"]), Number(last["seq"]));
    return [...events, ...readEntries(key, reached, limit - events.length)];
  }

  return {
    read: readEntries,
    write(key, entries) {
      for (const { event, text } of entries) {
        insert.run(key, event.attempt, event.seq, text);
        if (event.type === "step-reset") insertVoided.run(key, event.attempt, event.seq, event.from);
      }
    },
    voided: (key) => voided.all(key).map(voidedRange),
    nth(key, count) {
      const row = nth.get(key, count - 1);
      return row && cursorAt(Number(row["attempt"]), Number(row["seq"]));
    },
    dropUpTo(key, end) {
      dropEntries.run(key, attemptOf(end), seqOf(end));
      dropVoided.run(key, attemptOf(end), seqOf(end));
    },
  };
}

function voidedRange(row: Readonly<Record<string, unknown>>): VoidedRange {
  return {
    from: row["start"] as Cursor,
    reset: cursorAt(Number(row["reset_attempt"]), Number(row["reset_seq"])),
  };
}
