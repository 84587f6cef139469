/*
 * The index of entries has a page for every few conversations: with thousands of runs under way, a commit wrote as many
 * pages as it had chunks. What a run appends goes to the journal instead, a table without an index, in the order in which
 * it comes, the appends of one commit together in few rows; whose is what, is known here. To file a conversation's entries
 * is to put them among its others, gathered into few rows: when its run ends, when there are many, and when they have
 * waited for long. The journal is cut off behind what has not been filed; an entry may be in both places until then, and
 * after a crash the file tells which are.
 *
 * A place in the journal is how many characters had come before. A row's number is its place.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { AgentError, compareCursors, cursorAt, parseCursor } from "../../core/index.ts";
import { ConversationTail } from "./conversation-tail.ts";
import { isChunk } from "./entry-rows.ts";
import type { Entry, Place } from "./entry-rows.ts";
import type { TransactionMemory } from "./group-writer.ts";
import { journalItems, JournalRowText } from "./journal-row.ts";
import type { JournalItem } from "./journal-row.ts";
import { prepareJournalRead } from "./recent-entries.ts";
import type { RecentEntries } from "./recent-entries.ts";

/** How many characters are cut off at a time, so that none of it takes long. */
export const CHARACTERS_A_CUT = 65_536;

/** From so many characters on a row is written: what it has by then nearly always fits a page of SQLite's. */
const ROW_CHARACTERS = 3800;
/** How many conversations that were taken out are kept in front of the queue before they are cut off. */
const MAX_TAKEN_QUEUED = 1024;

/** Entries that were not filed yet, by conversation. Everything that changes it is called within a transaction. */
export interface Journal extends RecentEntries, TransactionMemory {
  /** The place of its first row, and where the next row comes. */
  readonly begin: number;
  readonly end: number;
  /** How much in front was filed, all of it. */
  readonly spare: number;
  /**
   * Gives what of the conversation is there now; entries that were appended together count as one. `known` is what an
   * earlier call gave, which need not be looked for as long as it is right.
   */
  add(key: number, entries: readonly Entry[], known?: Unfiled): Unfiled;
  /** Gives a conversation's entries to whoever files them, or forgets them. */
  take(key: number): Iterable<Entry>;
  /** Whose entries have waited for longest, if some have waited since before a place. */
  oldest(before: number): number | undefined;
  /** Cuts off what is spare. */
  cut(): void;
}

/** What of one conversation is not filed. */
export interface Unfiled {
  readonly key: number;
  /** The place of the row that has the first of it. */
  readonly begin: number;
  readonly tail: ConversationTail;
  /** Whether it has not been taken. */
  isThere: boolean;
}

/** With what was not filed when the file was last written to. */
export function openJournal(database: DatabaseSync): Journal {
  return new DatabaseJournal(database);
}

class DatabaseJournal implements Journal {
  readonly #insert: StatementSync;
  readonly #removeBefore: StatementSync;
  readonly #unfiled = new Map<number, Unfiled>();
  /** Those and some that were taken, from the oldest on; beside the map, whose first is slow to find behind many that are gone. */
  #queue: Unfiled[] = [];
  #head = 0;
  /** What the transaction under way has added and not written. */
  readonly #row = new JournalRowText();
  #begin = 1;
  /** Of the newest row, which always stays: so that no place is given twice. */
  #newest = 1;
  #end = 1;
  #committed = { begin: 1, newest: 1, end: 1 };
  /** Of the transaction under way: to what an entry was added, each time, and what was taken. */
  #added: Unfiled[] = [];
  #taken: Unfiled[] = [];

  constructor(database: DatabaseSync) {
    this.#insert = database.prepare("INSERT INTO journal VALUES (?, ?, ?)");
    this.#removeBefore = database.prepare("DELETE FROM journal WHERE id < ?");
    this.#load(database);
  }

  get begin(): number {
    return this.#begin;
  }

  get end(): number {
    return this.#end;
  }

  get spare(): number {
    return this.#firstNeeded() - this.#begin;
  }

  of(key: number): Iterable<Entry> {
    return this.#unfiled.get(key)?.tail.entries() ?? [];
  }

  endOf(key: number): Place | undefined {
    return this.#unfiled.get(key)?.tail.end;
  }

  add(key: number, entries: readonly Entry[], known?: Unfiled): Unfiled {
    const unfiled = known?.isThere ? known : (this.#unfiled.get(key) ?? this.#begun(key, this.#end));
    for (const entry of entries) {
      const elapsedMs = unfiled.tail.push(entry);
      this.#added.push(unfiled);
      if (elapsedMs !== undefined && isChunk(entry)) this.#row.addText(key, elapsedMs, entry.delta);
      else this.#row.add(key, entry);
      if (this.#row.length > ROW_CHARACTERS) this.#writeRow();
    }
    return unfiled;
  }

  take(key: number): Iterable<Entry> {
    const unfiled = this.#unfiled.get(key);
    if (!unfiled) return [];
    this.#unfiled.delete(key);
    unfiled.isThere = false;
    this.#taken.push(unfiled);
    return unfiled.tail.entries();
  }

  oldest(before: number): number | undefined {
    const oldest = this.#oldest();
    return oldest && oldest.begin < before ? oldest.key : undefined;
  }

  cut(): void {
    this.#begin = Math.min(this.#firstNeeded(), this.#begin + CHARACTERS_A_CUT);
    this.#removeBefore.run(this.#begin);
  }

  committing(): void {
    this.#writeRow();
  }

  committed(): void {
    // Some stay in the queue until those before them are gone.
    for (const { tail } of this.#taken) tail.clear();
    this.#added = [];
    this.#taken = [];
    this.#committed = { begin: this.#begin, newest: this.#newest, end: this.#end };
  }

  rolledBack(): void {
    for (const unfiled of this.#added) unfiled.tail.pop();
    for (const unfiled of [...this.#added, ...this.#taken]) {
      unfiled.isThere = unfiled.tail.count > 0;
      if (unfiled.isThere) this.#unfiled.set(unfiled.key, unfiled);
      else if (this.#unfiled.get(unfiled.key) === unfiled) this.#unfiled.delete(unfiled.key);
    }
    // Of what was taken and put back, some had left the queue.
    this.#queue = [...this.#unfiled.values()].toSorted((a, b) => a.begin - b.begin);
    this.#head = 0;
    this.#row.clear();
    ({ begin: this.#begin, newest: this.#newest, end: this.#end } = this.#committed);
    this.#added = [];
    this.#taken = [];
  }

  #load(database: DatabaseSync): void {
    const rows = prepareJournalRead(database)(0);
    const isUnfiled = createUnfiledCheck(database);
    this.#begin = rows[0]?.id ?? this.#begin;
    for (const { id, entries } of rows) {
      this.#newest = id;
      this.#end = id + entries.length;
      for (const item of journalItems(entries)) this.#keep(item, id, isUnfiled);
    }
    this.committed();
  }

  /** Keeps what is nowhere else. */
  #keep({ key, entry }: JournalItem, id: number, isUnfiled: UnfiledCheck): void {
    const unfiled = this.#unfiled.get(key);
    if (!("elapsedMs" in entry)) {
      if (isUnfiled(key, entry)) (unfiled ?? this.#begun(key, id)).tail.push(entry);
    } else if (unfiled && !unfiled.tail.pushText(entry.elapsedMs, entry.delta)) {
      throw damaged();
    }
    // Otherwise what the chunk continues was filed together with it.
  }

  #begun(key: number, begin: number): Unfiled {
    const unfiled: Unfiled = { key, begin, tail: new ConversationTail(), isThere: true };
    this.#unfiled.set(key, unfiled);
    this.#queue.push(unfiled);
    return unfiled;
  }

  #writeRow(): void {
    if (this.#row.length === 0) return;
    const { highestKey } = this.#row;
    const text = this.#row.take();
    this.#insert.run(this.#end, highestKey, text);
    this.#newest = this.#end;
    this.#end += text.length;
  }

  #oldest(): Unfiled | undefined {
    for (; this.#head < this.#queue.length; this.#head++) {
      const unfiled = this.#queue[this.#head];
      if (unfiled?.isThere) return unfiled;
      if (this.#head === MAX_TAKEN_QUEUED) {
        this.#queue = this.#queue.slice(this.#head);
        this.#head = 0;
      }
    }
    return undefined;
  }

  /** Before it everything is filed. */
  #firstNeeded(): number {
    return Math.min(this.#oldest()?.begin ?? this.#newest, this.#newest);
  }
}

function damaged(): AgentError {
  return new AgentError("store_unavailable", "The store's journal is damaged: restore it from a backup.", {
    retryable: false,
  });
}

/** Tells of what is in the journal, in its order, whether it is nowhere else. */
type UnfiledCheck = (key: number, place: Place) => boolean;

function createUnfiledCheck(database: DatabaseSync): UnfiledCheck {
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

  return (key, { attempt, seq }) => {
    if (!ends.has(key)) ends.set(key, endOf(key));
    const end = ends.get(key);
    return end !== undefined && compareCursors(cursorAt(attempt, seq), parseCursor(end)) > 0;
  };
}
