import type { DatabaseSync } from "node:sqlite";
import type { Entry, EntryRow } from "./entry-rows.ts";

/** What of each log lies in the journal. */
export interface RecentRows {
  /** In order; rows that are among the conversation's entries already may come first. */
  of(key: number): readonly Entry[];
}

export interface JournalRow extends EntryRow {
  readonly id: number;
  readonly conversation: number;
}

/** Reads the rows of the journal behind one of them, in the order in which they came. */
export function prepareJournalRead(database: DatabaseSync): (after: number) => readonly JournalRow[] {
  const read = database.prepare(
    "SELECT id, conversation, attempt, seq, event AS text FROM journal WHERE id > ? ORDER BY id",
  );
  return (after) => read.all(after) as unknown as readonly JournalRow[];
}

/** The journal as somebody sees it who only reads, beside the one who writes. */
export interface RecentRowsView extends RecentRows {
  /** Looks what has changed. Within the transaction of what is read with it. */
  refresh(): void;
}

export function createRecentRowsView(database: DatabaseSync): RecentRowsView {
  const readAfter = prepareJournalRead(database);
  const readFirst = database.prepare("SELECT min(id) AS id FROM journal");
  const rows = new Map<number, JournalRow[]>();
  let first = 0;
  let last = 0;

  function add(row: JournalRow): void {
    const found = rows.get(row.conversation);
    if (found) found.push(row);
    else rows.set(row.conversation, [row]);
    last = row.id;
  }

  function dropBefore(id: number): void {
    for (const [key, all] of rows) {
      const left = all.filter((row) => row.id >= id);
      if (left.length > 0) rows.set(key, left);
      else rows.delete(key);
    }
    first = id;
  }

  return {
    of: (key) => rows.get(key) ?? [],
    refresh() {
      for (const row of readAfter(last)) add(row);
      const found = Number(readFirst.get()?.["id"]);
      if (found > first) dropBefore(found);
    },
  };
}
