import type { DatabaseSync } from "node:sqlite";
import type { ConversationId, LogEvent } from "../../core/index.ts";
import type { AppendListener, AppendOptions, ConversationStore } from "../../ports/index.ts";
import { createFollowHub } from "../follow/index.ts";
import { AppendWrite } from "./append-write.ts";
import { lockDirectory } from "./directory-lock.ts";
import type { DirectoryLock } from "./directory-lock.ts";
import { createGroupWriter } from "./group-writer.ts";
import { createDirectory, databasePath, openForWriting } from "./open-database.ts";
import { planRestore } from "./restore-plan.ts";
import { createStoreReader } from "./store-reader.ts";
import type { StoreSettings } from "./store-settings.ts";
import { startSweep } from "./sweep.ts";
import { createWriterTables } from "./tables.ts";
import { tellLastTimes, tellTimes } from "./tell-times.ts";
import { createWritePlans } from "./write-plans.ts";
import type { WriteTarget } from "./write-plans.ts";

/** Opens the store as the directory's one writer. */
export function openWritableStore(settings: StoreSettings): ConversationStore {
  createDirectory(settings.directory);
  const lock = lockDirectory(settings.directory);
  try {
    const database = openForWriting(settings.directory, settings.maxFileBytes);
    return createWritableStore(settings, lock, database);
  } catch (error) {
    lock.release();
    throw error;
  }
}

const NO_OPTIONS: AppendOptions = {};

function createWritableStore(
  settings: StoreSettings,
  lock: DirectoryLock,
  database: DatabaseSync,
): ConversationStore {
  const { directory, retention, now, logger, sweepIntervalMs } = settings;
  const tables = createWriterTables(database);
  const { conversations } = tables;
  const writer = createGroupWriter(database, { memory: tables.memory });
  // One connection that is never within a transaction when somebody looks: every read sees one moment anyway.
  const reader = createStoreReader({ tables, retention, now, atOneMoment: (read) => read() });
  const hub = createFollowHub({ read: reader.read });
  const target: WriteTarget = { tables, hub, retention, now };
  const plans = createWritePlans(target);
  const sweep = startSweep({
    database,
    tables,
    writer,
    hub,
    retention,
    now,
    logger,
    intervalMs: sweepIntervalMs,
  });
  const ping = database.prepare("UPDATE pings SET at = ?");
  let closed = false;

  function append(id: ConversationId, events: readonly LogEvent[], options?: AppendOptions): Promise<void>;
  function append(
    id: ConversationId,
    events: readonly LogEvent[],
    options: AppendOptions | undefined,
    listener: AppendListener,
  ): Promise<void> | undefined;
  function append(
    id: ConversationId,
    events: readonly LogEvent[],
    options: AppendOptions = NO_OPTIONS,
    listener?: AppendListener,
  ): Promise<void> | undefined {
    if (!listener) return appendPromised(id, events, options);
    writer.enqueue(new AppendWrite(target, { id, events, options, listener }));
    listener.taken();
    return undefined;
  }

  /** On its own: whoever gives a listener would pay for the functions. */
  function appendPromised(
    id: ConversationId,
    events: readonly LogEvent[],
    options: AppendOptions,
  ): Promise<void> {
    return new Promise((appended, refused) => {
      writer.enqueue(
        new AppendWrite(target, {
          id,
          events,
          options,
          listener: { taken() {}, appended, refused, found: undefined },
        }),
      );
    });
  }

  return {
    description: `SQLite, ${databasePath(directory)}`,
    mayLoseTail: false,
    ...reader,
    post: (id, request, options = {}) => writer.write(() => plans.post(id, request, options)),
    acquire: (id, holder) => writer.write(() => plans.acquire(id, holder)),
    append,
    delete: (id) => writer.write(() => plans.remove(id)),
    restore: (snapshot) => writer.write(() => planRestore({ tables, retention, now }, snapshot)),
    async list(filter) {
      await tellTimes({ conversations, writer, logger });
      return reader.list(filter);
    },
    async *unfinished(untouchedForMs) {
      await tellTimes({ conversations, writer, logger });
      yield* reader.unfinished(untouchedForMs);
    },
    follow: (id, after, { signal }) => hub.follow(id, after, signal),
    ping: () => writer.write(() => ({ value: undefined, apply: () => void ping.run(now()) })),
    async close() {
      if (closed) return;
      closed = true;
      sweep.stop();
      const told = tellLastTimes({ conversations, writer, logger });
      writer.close();
      await told;
      hub.close();
      try {
        // Also empties the write-ahead log into the file; when that fails, the log stays, and nothing is lost.
        database.close();
      } finally {
        lock.release();
      }
    },
  };
}
