/*
 * The index of entries has a page for every few conversations: with thousands of runs under way, a commit wrote as many
 * pages as it had chunks. What a run appends goes to the journal instead, a table without an index, in the order in which
 * it comes; whose it is, is known here. To file a conversation's rows is to put them among its entries, gathered into few:
 * when its run ends, when there are many, and when they have waited for long. The journal is cut off behind what has not
 * been filed; a row may be in both places until then, and after a crash the file tells which are.
 */
import type { DatabaseSync } from "node:sqlite";
import { compareCursors, cursorAt, parseCursor } from "../../core/index.ts";
import type { Entry, EntryRow } from "./entry-rows.ts";
import type { TransactionMemory } from "./group-writer.ts";
import { prepareJournalRead } from "./recent-rows.ts";
import type { JournalRow, RecentRows } from "./recent-rows.ts";

/** How many rows are cut off at a time, so that none of it takes long. */
export const ROWS_A_CUT = 256;

/** How many conversations that were taken out are kept in front of the queue before they are cut off. */
const MAX_TAKEN_QUEUED = 1024;

/** Rows that were not filed yet, by conversation. Everything that changes it is called within a transaction. */
export interface Journal extends RecentRows, TransactionMemory {
  /** The place of its first row, and where the next row comes. */
  readonly begin: number;
  readonly end: number;
  /** How many rows in front were filed, all of them. */
  readonly spare: number;
  /** How many characters of rows are not filed. */
  readonly characters: number;
  add(key: number, rows: readonly EntryRow[]): void;
  /** Gives a conversation's rows to whoever files them, or forgets them. */
  take(key: number): readonly Entry[];
  /** Whose rows have waited for longest, if some have waited since before a place. */
  oldest(before: number): number | undefined;
  /** Cuts off spare rows. */
  cut(): void;
}

interface Tail {
  readonly key: number;
  /** The place of the first of its rows. */
  readonly begin: number;
  readonly rows: Entry[];
  characters: number;
}

/** With what was not filed when the file was last written to. */
export function openJournal(database: DatabaseSync): Journal {
  const insert = database.prepare("INSERT INTO journal VALUES (?, ?, ?, ?, ?)");
  const removeBefore = database.prepare("DELETE FROM journal WHERE id < ?");
  const tails = new Map<number, Tail>();
  /** Those and some that were taken, from the oldest on; beside the map, whose first is slow to find behind many that are gone. */
  let queue: Tail[] = [];
  let head = 0;
  let begin = 1;
  let end = 1;
  let characters = 0;
  let undo: (() => void)[] = [];
  let committedPlaces = { begin, end };

  function load(): void {
    const rows = prepareJournalRead(database)(0);
    begin = rows[0]?.id ?? begin;
    end = (rows.at(-1)?.id ?? 0) + 1;
    const isUnfiled = createUnfiledCheck(database);
    for (const row of rows) if (isUnfiled(row)) keep(row.conversation, row.id, row);
    committed();
  }

  function keep(key: number, id: number, row: EntryRow): void {
    const tail = tails.get(key) ?? begun(key, id);
    // Of a chunk its text alone is kept: what was written down of it is of no more use.
    tail.rows.push(row.chunk ?? row);
    count(tail, row.text.length);
    undo.push(() => {
      tail.rows.pop();
      count(tail, -row.text.length);
      if (tail.rows.length === 0) tails.delete(key);
    });
  }

  function begun(key: number, id: number): Tail {
    const tail: Tail = { key, begin: id, rows: [], characters: 0 };
    tails.set(key, tail);
    queue.push(tail);
    return tail;
  }

  function count(tail: Tail, added: number): void {
    tail.characters += added;
    characters += added;
  }

  function take(key: number): readonly Entry[] {
    const tail = tails.get(key);
    if (!tail) return [];
    tails.delete(key);
    characters -= tail.characters;
    undo.push(() => {
      characters += tail.characters;
      tails.set(key, tail);
    });
    return tail.rows;
  }

  function oldestTail(): Tail | undefined {
    for (; head < queue.length; head++) {
      const tail = queue[head];
      if (tail && tails.get(tail.key) === tail) return tail;
      if (head === MAX_TAKEN_QUEUED) {
        queue = queue.slice(head);
        head = 0;
      }
    }
    return undefined;
  }

  /** Behind it something is not filed. The newest row stays, so that no place is given twice. */
  function firstNeeded(): number {
    return Math.min(oldestTail()?.begin ?? end, Math.max(begin, end - 1));
  }

  function committed(): void {
    undo = [];
    committedPlaces = { begin, end };
  }

  load();
  return {
    of: (key) => tails.get(key)?.rows ?? [],
    get begin() {
      return begin;
    },
    get end() {
      return end;
    },
    get spare() {
      return firstNeeded() - begin;
    },
    get characters() {
      return characters;
    },
    add(key, rows) {
      for (const row of rows) {
        insert.run(end, key, row.attempt, row.seq, row.text);
        keep(key, end, row);
        end += 1;
      }
    },
    take,
    oldest(before) {
      const tail = oldestTail();
      return tail && tail.begin < before ? tail.key : undefined;
    },
    cut() {
      begin = Math.min(firstNeeded(), begin + ROWS_A_CUT);
      removeBefore.run(begin);
    },
    committed,
    rolledBack() {
      for (const change of undo.toReversed()) change();
      // Of what was taken and put back, some had left the queue.
      queue = [...tails.values()].toSorted((a, b) => a.begin - b.begin);
      head = 0;
      ({ begin, end } = committedPlaces);
      undo = [];
    },
  };
}

/** Tells of the rows of a journal, in their order, whether they are nowhere else. */
function createUnfiledCheck(database: DatabaseSync): (row: JournalRow) => boolean {
  const find = database.prepare(
    `SELECT settled, (SELECT attempt || '-' || seq FROM entries WHERE conversation = key
                      ORDER BY attempt DESC, seq DESC LIMIT 1) AS filed
     FROM conversations WHERE key = ?`,
  );
  /** By conversation: the newest entry that needs no journal; undefined when the conversation is gone. */
  const ends = new Map<number, string | undefined>();

  function endOf(key: number): string | undefined {
    const row = find.get(key);
    if (!row) return undefined;
    // What had expired is not among the entries either.
    const [settled, filed] = [parseCursor(String(row["settled"])), row["filed"]];
    if (typeof filed !== "string") return settled;
    return compareCursors(parseCursor(filed), settled) > 0 ? filed : settled;
  }

  return ({ conversation, attempt, seq }) => {
    if (!ends.has(conversation)) ends.set(conversation, endOf(conversation));
    const end = ends.get(conversation);
    return end !== undefined && compareCursors(cursorAt(attempt, seq), parseCursor(end)) > 0;
  };
}
