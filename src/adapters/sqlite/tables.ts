import type { DatabaseSync } from "node:sqlite";
import { createConversationRows } from "./conversation-rows.ts";
import type { ConversationRows } from "./conversation-rows.ts";
import { createConversationTable } from "./conversation-table.ts";
import type { ConversationTable } from "./conversation-table.ts";
import type { TransactionMemory } from "./group-writer.ts";
import { createHistoryTable } from "./history-table.ts";
import type { HistoryTable } from "./history-table.ts";
import { createInboxTable } from "./inbox-table.ts";
import type { InboxTable } from "./inbox-table.ts";
import { openJournal } from "./journal.ts";
import { createJournaledLog } from "./journaled-log.ts";
import type { JournaledLog } from "./journaled-log.ts";
import { createLogTable } from "./log-table.ts";
import type { LogTable } from "./log-table.ts";
import type { RecentEntries } from "./recent-entries.ts";

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
  readonly log: JournaledLog;
  /** What is known in memory of what the tables say. */
  readonly memory: TransactionMemory;
}

export function createWriterTables(database: DatabaseSync): WriterTables {
  const journal = openJournal(database);
  const tables = createTables(database, journal);
  const conversations = createConversationRows(tables.conversations);
  return {
    ...tables,
    log: createJournaledLog(tables.log, journal),
    conversations: {
      ...conversations,
      remove(row) {
        conversations.remove(row);
        journal.take(row.key);
      },
    },
    memory: {
      committing: () => journal.committing(),
      committed() {
        conversations.committed();
        journal.committed();
      },
      rolledBack() {
        conversations.rolledBack();
        journal.rolledBack();
      },
    },
  };
}

/** Reads the journal through `recent`. */
export function createTables(database: DatabaseSync, recent: RecentEntries): Tables {
  return {
    conversations: createConversationTable(database, recent),
    log: createLogTable(database, recent),
    inbox: createInboxTable(database),
    history: createHistoryTable(database),
  };
}
