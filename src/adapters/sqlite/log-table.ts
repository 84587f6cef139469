import type { DatabaseSync } from "node:sqlite";
import { attemptOf, cursorAt, seqOf } from "../../core/index.ts";
import type { Cursor, LogEvent, VoidedRange } from "../../core/index.ts";
import { entriesOfRow, entryRows, isChunk, MAX_ENTRIES_A_ROW, textOf } from "./entry-rows.ts";
import type { Entry } from "./entry-rows.ts";
import type { RecentEntries } from "./recent-entries.ts";

/** The entries of every conversation, and which of them are void. */
export interface LogTable {
  /** Up to `limit` entries after a cursor, in order. */
  read(key: number, after: Cursor, limit: number): readonly LogEvent[];
  /** Puts entries in their place. */
  write(key: number, entries: SerializedEntries): void;
  voided(key: number): readonly VoidedRange[];
  /** The cursor of the last entry of the `count`-th row kept, if there are so many. */
  nthRow(key: number, count: number): Cursor | undefined;
  /** Drops entries up to and including a cursor. */
  dropUpTo(key: number, end: Cursor): void;
}

/** Entries in the form they are stored in; made before a transaction, so that what is no JSON is refused there. */
export interface SerializedEntries {
  readonly entries: readonly Entry[];
  readonly resets: readonly StepReset[];
}

type StepReset = Extract<LogEvent, { readonly type: "step-reset" }>;

export function serialize(events: readonly LogEvent[]): SerializedEntries {
  const resets = events.some(isReset) ? events.filter(isReset) : NO_RESETS;
  return { entries: entryRows(events), resets };
}

const NO_RESETS: readonly StepReset[] = [];

function isReset(event: LogEvent): event is StepReset {
  return event.type === "step-reset";
}

type StoredRow = readonly [event: string];

export function createLogTable(database: DatabaseSync, recent: RecentEntries): LogTable {
  // One attempt at a time: of (attempt, seq) > (?, ?) SQLite asks every row again what the index has told. An attempt has
  // no holes, so that it is known up to where the entries wanted go.
  const readRows = database.prepare(
    "SELECT event FROM entries WHERE conversation = ? AND attempt = ? AND seq > ? AND seq < ? ORDER BY seq",
  );
  // Rows as objects with names would cost as much as reading them.
  readRows.setReturnArrays(true);
  const rowFrom = database.prepare(
    `SELECT attempt FROM entries
     WHERE conversation = ? AND (attempt, seq) >= (?, ?) ORDER BY attempt, seq LIMIT 1`,
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

  function read(key: number, after: Cursor, limit: number): readonly LogEvent[] {
    const events: LogEvent[] = [];
    let attempt: number | undefined = attemptOf(after);
    let had = seqOf(after);
    let seq = had;
    while (attempt !== undefined) {
      const beyond = seq + limit - events.length + MAX_ENTRIES_A_ROW;
      const rows = readRows.all(key, attempt, seq, beyond) as unknown as readonly StoredRow[];
      addEntries(events, { rows, had, limit });
      if (events.length === limit) break;
      // This was the attempt's end, or what a newer version wrote was passed over: a page short of entries would look
      // like the tip.
      const next = attemptFrom(key, attempt, beyond);
      if (next === attempt) seq = beyond - 1;
      else seq = had = BEFORE_ALL;
      attempt = next;
    }
    if (events.length < limit) addRecent(events, { entries: recent.of(key), after, limit });
    return events;
  }

  /** Of the first row from a place on. */
  function attemptFrom(key: number, attempt: number, seq: number): number | undefined {
    const row = rowFrom.get(key, attempt, seq);
    return row && Number(row["attempt"]);
  }

  return {
    read,
    write(key, { entries, resets }) {
      for (const entry of entries) insert.run(key, entry.attempt, entry.seq, textOf(entry));
      for (const { attempt, seq, from } of resets) insertVoided.run(key, attempt, seq, from);
    },
    voided: (key) => voided.all(key).map(voidedRange),
    nthRow(key, count) {
      const row = nth.get(key, count - 1);
      return row && cursorAt(Number(row["attempt"]), Number(row["seq"]));
    },
    dropUpTo(key, end) {
      dropEntries.run(key, attemptOf(end), seqOf(end));
      dropVoided.run(key, attemptOf(end), seqOf(end));
    },
  };
}

/** Before the first entry of an attempt. */
const BEFORE_ALL = -1;

interface RowsRead {
  readonly rows: readonly StoredRow[];
  /** Entries of the attempt up to here may be in the first row, and are not wanted. */
  readonly had: number;
  /** How many entries there are to be in all. */
  readonly limit: number;
}

function addEntries(events: LogEvent[], { rows, had, limit }: RowsRead): void {
  for (const [text] of rows) {
    if (events.length === limit) return;
    for (const event of entriesOfRow(text)) {
      if (event.seq > had && events.length < limit) events.push(event);
    }
  }
}

interface RecentRead {
  readonly entries: Iterable<Entry>;
  /** Where the read began. */
  readonly after: Cursor;
  readonly limit: number;
}

/** What the journal has beyond what was read. */
function addRecent(events: LogEvent[], { entries, after, limit }: RecentRead): void {
  const last = events.at(-1);
  const attempt = last ? last.attempt : attemptOf(after);
  const seq = last ? last.seq : seqOf(after);
  for (const entry of entries) {
    if (entry.attempt < attempt || (entry.attempt === attempt && entry.seq <= seq)) continue;
    if (events.length === limit) return;
    if (isChunk(entry)) {
      events.push(entry);
    } else {
      const had = entry.attempt === attempt ? seq : BEFORE_ALL;
      addEntries(events, { rows: [[entry.text]], had, limit });
    }
  }
}

function voidedRange(row: Readonly<Record<string, unknown>>): VoidedRange {
  return {
    from: row["start"] as Cursor,
    reset: cursorAt(Number(row["reset_attempt"]), Number(row["reset_seq"])),
  };
}
