/*
 * An append used to update its conversation's row, and with it three indexes by time: four times the pages of the
 * entries themselves, at every chunk of every answer. Now it writes its entries and nothing else. Where the log of a run
 * under way ends, its newest entry tells, in the journal or filed (`ConversationTable.find`); when it was last touched
 * is known here, and is written together with whatever is written to the row next, or when somebody wants to sort by it.
 */
import type { ConversationId, Cursor } from "../../core/index.ts";
import type { FollowTopic } from "../follow/index.ts";
import type { ConversationRow, ConversationTable } from "./conversation-table.ts";
import { isIdle } from "./expiry.ts";
import type { TransactionMemory } from "./group-writer.ts";
import type { Unfiled } from "./journal.ts";

/** How many rows are kept in memory; the one kept for longest makes room, and is read from the file again. */
export const MAX_ROWS_KEPT = 10_000;

/** The rows of conversations; those in which something is under way are kept in memory, so that an append reads none. */
export interface ConversationRows extends ConversationTable, Omit<TransactionMemory, "committing"> {
  /** `known`, where it is a row that this found before and keeps, spares the search. */
  find(id: ConversationId, known?: unknown): FoundRow | undefined;
  /** Keeps the tip and the time of a row that was found, whose entries tell the rest. Within a transaction. */
  touch(row: ConversationRow, tip: Cursor, updatedAt: number): void;
  /** Whose time is not in the file yet. */
  untold(): readonly ConversationId[];
  /** Writes the time of a row that was touched, unless that has happened meanwhile. Within a transaction. */
  tell(id: ConversationId): void;
}

/** A row, and what an append has found by it: kept with a row that is kept, so that the next one need not look for it. */
export interface FoundRow extends ConversationRow {
  unfiled?: Unfiled | undefined;
  topic?: FollowTopic | undefined;
}

/** Changed in place by an append: a new one for each chunk would live until the next, and be moved about by the collector. */
class KeptRow implements FoundRow {
  readonly key: number;
  readonly id: ConversationId;
  readonly agent: string;
  readonly createdAt: number;
  updatedAt: number;
  readonly runs: number;
  readonly attempt: number;
  tip: Cursor;
  readonly base: Cursor;
  readonly settled: Cursor;
  readonly nextItem: number;
  readonly waiting: number;
  unfiled: Unfiled | undefined;
  topic: FollowTopic | undefined;
  /** Whether the file says the same. */
  told: boolean;
  /** Where it is kept; undefined once it is not. */
  keptIn: object | undefined = undefined;

  constructor(row: FoundRow, told: boolean) {
    this.key = row.key;
    this.id = row.id;
    this.agent = row.agent;
    this.createdAt = row.createdAt;
    this.updatedAt = row.updatedAt;
    this.runs = row.runs;
    this.attempt = row.attempt;
    this.tip = row.tip;
    this.base = row.base;
    this.settled = row.settled;
    this.nextItem = row.nextItem;
    this.waiting = row.waiting;
    this.unfiled = row.unfiled;
    this.topic = row.topic;
    this.told = told;
  }
}

/** How to undo a change of which rows are kept. */
type Undo = () => void;

/** A row before it was touched. */
interface Untouched {
  readonly row: KeptRow;
  readonly tip: Cursor;
  readonly updatedAt: number;
  readonly told: boolean;
}

export function createConversationRows(
  table: ConversationTable,
  maxRowsKept: number = MAX_ROWS_KEPT,
): ConversationRows {
  const kept = new Map<ConversationId, KeptRow>();
  /** The changes of the transaction under way. */
  let undo: Undo[] = [];
  let touched: Untouched[] = [];

  function keep(row: FoundRow, told: boolean): void {
    const { id } = row;
    const before = kept.get(id);
    undo.push(() => put(id, before));
    put(id, new KeptRow(row, told));
    if (kept.size > maxRowsKept) makeRoom();
  }

  function put(id: ConversationId, row: KeptRow | undefined): void {
    const before = kept.get(id);
    if (before) before.keptIn = undefined;
    if (row) {
      row.keptIn = kept;
      kept.set(id, row);
    } else {
      kept.delete(id);
    }
  }

  function find(id: ConversationId, known: unknown): FoundRow | undefined {
    const isKept = known instanceof KeptRow && known.keptIn === kept && known.id === id;
    return isKept ? known : (kept.get(id) ?? table.find(id));
  }

  function touch(row: ConversationRow, tip: Cursor, updatedAt: number): void {
    if (!(row instanceof KeptRow)) {
      keep({ ...row, tip, updatedAt }, false);
      return;
    }
    touched.push({ row, tip: row.tip, updatedAt: row.updatedAt, told: row.told });
    row.tip = tip;
    row.updatedAt = updatedAt;
    row.told = false;
  }

  function makeRoom(): void {
    const [oldest] = kept.values();
    if (!oldest) return;
    if (!oldest.told) table.update(oldest);
    drop(oldest.id);
  }

  function drop(id: ConversationId): void {
    const before = kept.get(id);
    undo.push(() => put(id, before));
    put(id, undefined);
  }

  function tell(id: ConversationId): void {
    const found = kept.get(id);
    if (!found || found.told) return;
    table.update(found);
    keep(found, true);
  }

  function written(row: ConversationRow): void {
    if (isIdle(row)) drop(row.id);
    else keep(row, true);
  }

  return {
    ...table,
    find,
    insert(state) {
      const key = table.insert(state);
      written({ ...state, key });
      return key;
    },
    update(row) {
      table.update(row);
      written(row);
    },
    remove(row) {
      table.remove(row);
      drop(row.id);
    },
    touch,
    untold: () => [...kept].flatMap(([id, { told }]) => (told ? [] : [id])),
    tell,
    committed() {
      undo = [];
      touched = [];
    },
    rolledBack() {
      for (const { row, tip, updatedAt, told } of touched.toReversed()) {
        Object.assign(row, { tip, updatedAt, told });
      }
      for (const change of undo.toReversed()) change();
      undo = [];
      touched = [];
    },
  };
}
