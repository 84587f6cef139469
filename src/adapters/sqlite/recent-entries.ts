import type { DatabaseSync } from "node:sqlite";
import { isChunk, nextChunk } from "./entry-rows.ts";
import type { Entry, Place } from "./entry-rows.ts";
import { journalItems } from "./journal-row.ts";
import type { JournalItem } from "./journal-row.ts";

/** What of each log lies in the journal. */
export interface RecentEntries {
  /** In order; some that are among the conversation's entries already may come first. */
  of(key: number): Iterable<Entry>;
  /** Where the last of them is. */
  endOf(key: number): Place | undefined;
}

export interface JournalRow {
  /** Its place in the journal. */
  readonly id: number;
  readonly entries: string;
}

/** Reads the rows of the journal behind one of them, in the order in which they came. */
export function prepareJournalRead(database: DatabaseSync): (after: number) => readonly JournalRow[] {
  const read = database.prepare("SELECT id, entries FROM journal WHERE id > ? ORDER BY id");
  return (after) => read.all(after) as unknown as readonly JournalRow[];
}

/** The journal as somebody sees it who only reads, beside the one who writes. */
export interface RecentEntriesView extends RecentEntries {
  /** Looks what has changed. Within the transaction of what is read with it. */
  refresh(): void;
}

interface SeenEntry {
  /** Of the row that it is in. */
  readonly id: number;
  readonly entry: Entry;
}

export function createRecentEntriesView(database: DatabaseSync): RecentEntriesView {
  const readAfter = prepareJournalRead(database);
  const readFirst = database.prepare("SELECT min(id) AS id FROM journal");
  const seen = new Map<number, SeenEntry[]>();
  let first = 0;
  let last = 0;

  function add(id: number, { key, entry }: JournalItem): void {
    const before = seen.get(key);
    const whole =
      "elapsedMs" in entry ? continued(before?.at(-1)?.entry, entry.elapsedMs, entry.delta) : entry;
    if (!whole) return;
    if (before) before.push({ id, entry: whole });
    else seen.set(key, [{ id, entry: whole }]);
  }

  function dropBefore(id: number): void {
    for (const [key, all] of seen) {
      const left = all.filter((each) => each.id >= id);
      if (left.length > 0) seen.set(key, left);
      else seen.delete(key);
    }
    first = id;
  }

  return {
    *of(key) {
      for (const { entry } of seen.get(key) ?? []) yield entry;
    },
    endOf: (key) => seen.get(key)?.at(-1)?.entry,
    refresh() {
      // Before anything is added: what is left of an entry that was cut off must not be taken for what a chunk continues.
      const found = Number(readFirst.get()?.["id"]);
      if (found > first) dropBefore(found);
      for (const { id, entries } of readAfter(last)) {
        for (const item of journalItems(entries)) add(id, item);
        last = id;
      }
    },
  };
}

/** Undefined where what it continues was cut off, and both were filed. */
function continued(before: Entry | undefined, elapsedMs: number, delta: string): Entry | undefined {
  return before && isChunk(before) ? nextChunk(before, elapsedMs, delta) : undefined;
}
