/*
 * An append used to update its conversation's row, and with it three indexes by time: four times the pages of the
 * entries themselves, at every chunk of every answer. Now it writes its entries and nothing else. Where the log of a run
 * under way ends, its newest entry tells (`ConversationTable.find`); when it was last touched is known here, and is
 * written together with whatever is written to the row next, or when somebody wants to sort by it.
 */
import type { ConversationId } from "../../core/index.ts";
import type { ConversationRow, ConversationTable } from "./conversation-table.ts";
import { isIdle } from "./expiry.ts";
import type { TransactionMemory } from "./group-writer.ts";

/** How many rows are kept in memory; the one kept for longest makes room, and is read from the file again. */
export const MAX_ROWS_KEPT = 10_000;

/** The rows of conversations; those in which something is under way are kept in memory, so that an append reads none. */
export interface ConversationRows extends ConversationTable, TransactionMemory {
  /** Keeps the tip and the time of a row whose entries tell the rest. Within a transaction. */
  touch(row: ConversationRow): void;
  /** Whose time is not in the file yet. */
  untold(): readonly ConversationId[];
  /** Writes the time of a row that was touched, unless that has happened meanwhile. Within a transaction. */
  tell(id: ConversationId): void;
}

interface KeptRow {
  readonly row: ConversationRow;
  /** Whether the file says the same. */
  readonly told: boolean;
}

export function createConversationRows(
  table: ConversationTable,
  maxRowsKept: number = MAX_ROWS_KEPT,
): ConversationRows {
  const kept = new Map<ConversationId, KeptRow>();
  /** What was kept before each change of the transaction under way. */
  let before: (readonly [id: ConversationId, row: KeptRow | undefined])[] = [];

  function keep(row: ConversationRow, told: boolean): void {
    before.push([row.id, kept.get(row.id)]);
    kept.set(row.id, { row, told });
    if (kept.size > maxRowsKept) makeRoom();
  }

  function makeRoom(): void {
    const [oldest] = kept.values();
    if (!oldest) return;
    if (!oldest.told) table.update(oldest.row);
    drop(oldest.row.id);
  }

  function drop(id: ConversationId): void {
    before.push([id, kept.get(id)]);
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
    touch: (row) => keep(row, false),
    untold: () => [...kept].flatMap(([id, { told }]) => (told ? [] : [id])),
    tell,
    committed() {
      before = [];
    },
    rolledBack() {
      for (const [id, row] of before.toReversed()) {
        if (row) kept.set(id, row);
        else kept.delete(id);
      }
      before = [];
    },
  };
}
