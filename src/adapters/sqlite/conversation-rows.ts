/*
 * An append used to update its conversation's row, and with it three indexes by time: four times the pages of the
 * entries themselves, at every chunk of every answer. Now it writes its entries and nothing else. Where the log of a run
 * under way ends, its newest entry tells, in the journal or filed (`ConversationTable.find`); when it was last touched
 * is known here, and is written together with whatever is written to the row next, or when somebody wants to sort by it.
 */
import type { ConversationId, Cursor } from "../../core/index.ts";
import type { ConversationRow, ConversationTable } from "./conversation-table.ts";
import { isIdle } from "./expiry.ts";
import type { TransactionMemory } from "./group-writer.ts";

/** How many rows are kept in memory; the one kept for longest makes room, and is read from the file again. */
export const MAX_ROWS_KEPT = 10_000;

/** The rows of conversations; those in which something is under way are kept in memory, so that an append reads none. */
export interface ConversationRows extends ConversationTable, Omit<TransactionMemory, "committing"> {
  /** Keeps the tip and the time of a row that was found, whose entries tell the rest. Within a transaction. */
  touch(row: ConversationRow, tip: Cursor, updatedAt: number): void;
  /** Whose time is not in the file yet. */
  untold(): readonly ConversationId[];
  /** Writes the time of a row that was touched, unless that has happened meanwhile. Within a transaction. */
  tell(id: ConversationId): void;
}

/** Changed in place by an append: a new one for each chunk would live until the next, and be moved about by the collector. */
interface KeptRow {
  readonly row: Touchable;
  /** Whether the file says the same. */
  told: boolean;
}

type Touchable = Omit<ConversationRow, "tip" | "updatedAt"> & { tip: Cursor; updatedAt: number };

/** How to undo a change of which rows are kept. */
type Undo = () => void;

/** A row before it was touched. */
interface Untouched {
  readonly entry: KeptRow;
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

  function keep(row: ConversationRow, told: boolean): void {
    const { id } = row;
    const before = kept.get(id);
    undo.push(() => restore(id, before));
    kept.set(id, { row, told });
    if (kept.size > maxRowsKept) makeRoom();
  }

  function restore(id: ConversationId, before: KeptRow | undefined): void {
    if (before) kept.set(id, before);
    else kept.delete(id);
  }

  function touch(found: ConversationRow, tip: Cursor, updatedAt: number): void {
    const entry = kept.get(found.id);
    if (!entry) {
      keep({ ...found, tip, updatedAt }, false);
      return;
    }
    const { row, told } = entry;
    touched.push({ entry, tip: row.tip, updatedAt: row.updatedAt, told });
    row.tip = tip;
    row.updatedAt = updatedAt;
    entry.told = false;
  }

  function makeRoom(): void {
    const [oldest] = kept.values();
    if (!oldest) return;
    if (!oldest.told) table.update(oldest.row);
    drop(oldest.row.id);
  }

  function drop(id: ConversationId): void {
    const before = kept.get(id);
    undo.push(() => restore(id, before));
    kept.delete(id);
  }

  function tell(id: ConversationId): void {
    const found = kept.get(id);
    if (!found || found.told) return;
    table.update(found.row);
    keep(found.row, true);
  }

  function written(row: ConversationRow): void {
    if (isIdle(row)) drop(row.id);
    else keep(row, true);
  }

  return {
    ...table,
    find: (id) => kept.get(id)?.row ?? table.find(id),
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
      for (const { entry, tip, updatedAt, told } of touched.toReversed()) {
        Object.assign(entry.row, { tip, updatedAt });
        entry.told = told;
      }
      for (const change of undo.toReversed()) change();
      undo = [];
      touched = [];
    },
  };
}
