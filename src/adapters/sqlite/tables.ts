import type { DatabaseSync } from "node:sqlite";
import { createConversationRows } from "./conversation-rows.ts";
import type { ConversationRows } from "./conversation-rows.ts";
import { createConversationTable } from "./conversation-table.ts";
import type { ConversationTable } from "./conversation-table.ts";
import { createHistoryTable } from "./history-table.ts";
import type { HistoryTable } from "./history-table.ts";
import { createInboxTable } from "./inbox-table.ts";
import type { InboxTable } from "./inbox-table.ts";
import { createLogTable } from "./log-table.ts";
import type { LogTable } from "./log-table.ts";

/** Everything that is stored, through statements that are prepared once. */
export interface Tables {
  readonly conversations: ConversationTable;
  readonly log: LogTable;
  readonly inbox: InboxTable;
  readonly history: HistoryTable;
}

/** The same for the one who writes. */
export interface WriterTables extends Tables {
  readonly conversations: ConversationRows;
}

export function createWriterTables(database: DatabaseSync): WriterTables {
  const tables = createTables(database);
  return { ...tables, conversations: createConversationRows(tables.conversations) };
}

export function createTables(database: DatabaseSync): Tables {
  return {
    conversations: createConversationTable(database),
    log: createLogTable(database),
    inbox: createInboxTable(database),
    history: createHistoryTable(database),
  };
}
