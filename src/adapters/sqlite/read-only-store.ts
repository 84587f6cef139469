import type { DatabaseSync } from "node:sqlite";
import { AgentError } from "../../core/index.ts";
import type { ConversationStore } from "../../ports/index.ts";
import { createFollowHub } from "../follow/index.ts";
import { createFileWatch } from "./file-watch.ts";
import { databasePath, openForReading } from "./open-database.ts";
import { createRecentEntriesView } from "./recent-entries.ts";
import { createStoreReader } from "./store-reader.ts";
import type { StoreSettings } from "./store-settings.ts";
import { createTables } from "./tables.ts";

/** Opens what a server writes, or has written, to look at it. Takes no lock and holds nobody up. */
export function openReadOnlyStore({ directory, retention, now }: StoreSettings): ConversationStore {
  const database = openForReading(directory);
  const recent = createRecentEntriesView(database);
  const reader = createStoreReader({
    tables: createTables(database, recent),
    retention,
    now,
    atOneMoment: (read) =>
      inSnapshot(database, () => {
        recent.refresh();
        return read();
      }),
  });
  const watch = createFileWatch(database, () => {
    for (const id of hub.followed()) hub.refresh(id);
  });
  const hub = createFollowHub({
    read: reader.read,
    subscribe: async () => watch.start(),
    unsubscribe: () => {
      if (hub.followed().length === 0) watch.stop();
    },
  });
  let closed = false;

  return {
    description: `SQLite, ${databasePath(directory)} (read only)`,
    mayLoseTail: false,
    ...reader,
    follow: (id, after, { signal }) => hub.follow(id, after, signal),
    post: refuse,
    acquire: refuse,
    append: refuse,
    delete: refuse,
    ping: async () => void (await reader.list({ limit: 1 })),
    async close() {
      if (closed) return;
      closed = true;
      watch.stop();
      hub.close();
      database.close();
    },
  };
}

async function refuse(): Promise<never> {
  throw new AgentError("store_unavailable", "The store was opened to read only; send writes to the server.", {
    retryable: false,
  });
}

/** Another process writes: without a transaction, two statements of one read could see two moments. */
function inSnapshot<T>(database: DatabaseSync, read: () => T): T {
  database.exec("BEGIN");
  try {
    return read();
  } finally {
    if (database.isTransaction) database.exec("COMMIT");
  }
}
