import type { DatabaseSync } from "node:sqlite";
import type { RunRecord } from "../../core/index.ts";

/** The records of ended runs. */
export interface HistoryTable {
  /** In order, from an ordinal; without a limit all of them. */
  read(key: number, from: number, limit: number | undefined): readonly RunRecord[];
  add(key: number, run: number, text: string): void;
}

export function createHistoryTable(database: DatabaseSync): HistoryTable {
  const read = database.prepare(
    "SELECT record FROM records WHERE conversation = ? AND run >= ? ORDER BY run LIMIT ?",
  );
  const add = database.prepare("INSERT INTO records VALUES (?, ?, ?)");
  return {
    read: (key, from, limit = NO_LIMIT) =>
      read.all(key, from, limit).map((row) => JSON.parse(String(row["record"])) as RunRecord),
    add: (key, run, text) => void add.run(key, run, text),
  };
}

/** What SQLite takes a negative LIMIT for. */
const NO_LIMIT = -1;
