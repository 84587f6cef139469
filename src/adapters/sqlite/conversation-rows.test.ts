import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { cursorAt, START } from "../../core/index.ts";
import type { ConversationId } from "../../core/index.ts";
import { createConversationRows } from "./conversation-rows.ts";
import type { ConversationRows } from "./conversation-rows.ts";
import { createConversationTable } from "./conversation-table.ts";
import type { ConversationTable } from "./conversation-table.ts";
import { migrate } from "./migrations.ts";

const ID = "one" as ConversationId;

test("an append leaves the row as it is, and both the row and its entries tell the tip", () => {
  const { rows, table, append } = open();
  append(ID, 5);
  expect(rows.find(ID)).toMatchObject({ tip: "1-5", updatedAt: 5 });
  expect(table.find(ID)).toMatchObject({ tip: "1-5", updatedAt: 0 });
});

test("a time that was told is in the file", () => {
  const { rows, table, append } = open();
  append(ID, 5);
  expect(rows.untold()).toEqual([ID]);
  rows.tell(ID);
  expect(rows.untold()).toEqual([]);
  expect(table.find(ID)).toMatchObject({ tip: "1-5", updatedAt: 5 });
});

test("what a transaction that failed had changed is as it was before", () => {
  const { rows, append } = open();
  append(ID, 5);
  rows.committed();
  append(ID, 6);
  append("two" as ConversationId, 7);
  rows.tell(ID);
  rows.rolledBack();
  expect(rows.find(ID)).toMatchObject({ tip: "1-5", updatedAt: 5 });
  expect(rows.untold()).toEqual([ID]);
});

test("a row that makes room for others loses nothing", () => {
  const { rows, table, append } = open(1);
  append(ID, 5);
  append("two" as ConversationId, 6);
  expect(table.find(ID)).toMatchObject({ tip: "1-5", updatedAt: 5 });
  expect(rows.untold()).toEqual(["two"]);
  expect(rows.find(ID)).toEqual(table.find(ID));
});

test("a row that was found is found again only as long as it is the one that is kept", () => {
  const { rows, append } = open(1);
  append(ID, 5);
  rows.committed();
  const kept = rows.find(ID)!;
  expect(rows.find(ID, kept)).toBe(kept);
  expect(rows.find("two" as ConversationId, kept)).toBeUndefined();
  expect(open().rows.find(ID, kept)).toBeUndefined();
  rows.tell(ID);
  expect(rows.find(ID, kept)).not.toBe(kept);
  rows.rolledBack();
  expect(rows.find(ID, kept)).toBe(kept);
  append("two" as ConversationId, 6);
  expect(rows.find(ID, kept)).not.toBe(kept);
});

test("a run that has ended leaves nothing in memory", () => {
  const { rows, table, append } = open();
  append(ID, 5);
  const row = rows.find(ID)!;
  rows.update({ ...row, settled: row.tip, waiting: 0 });
  expect(rows.untold()).toEqual([]);
  expect(rows.find(ID)).toEqual(table.find(ID));
});

interface Bench {
  readonly rows: ConversationRows;
  readonly table: ConversationTable;
  /** Stores one more entry of a conversation, which begins with it when it is new. */
  readonly append: (id: ConversationId, seq: number) => void;
}

function open(maxRowsKept?: number): Bench {
  const database = new DatabaseSync(":memory:");
  onTestFinished(() => database.close());
  migrate(database);
  const table = createConversationTable(database, { of: () => [], endOf: () => undefined });
  const rows = createConversationRows(table, maxRowsKept);
  const insertEntry = database.prepare("INSERT INTO entries VALUES (?, 1, ?, '{}')");

  function begin(id: ConversationId): void {
    const cursors = { tip: cursorAt(1, 0), base: START, settled: START };
    const counts = { runs: 1, attempt: 1, nextItem: 2, waiting: 1 };
    rows.insert({ id, agent: "Agent", createdAt: 0, updatedAt: 0, ...cursors, ...counts });
  }

  return {
    rows,
    table,
    append(id, seq) {
      if (!rows.find(id)) begin(id);
      const row = rows.find(id)!;
      insertEntry.run(row.key, seq);
      rows.touch(row, cursorAt(1, seq), seq);
    },
  };
}
