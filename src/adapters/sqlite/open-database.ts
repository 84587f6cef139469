import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { AgentError } from "../../core/index.ts";
import { createPrivately } from "./directory-lock.ts";
import { fileVersion, migrate, requireCurrent } from "./migrations.ts";

/** How long a statement waits for a reader of another process that recovers the file, in milliseconds. */
const BUSY_TIMEOUT_MS = 2000;
/** What the write-ahead log shrinks back to after a burst, in bytes. */
const WAL_SIZE_LIMIT_BYTES = 64 * 1024 * 1024;
/**
 * How much of the file is kept in memory at most, in KiB: the pages that thousands of conversations are being written to,
 * which SQLite's own 2 MiB do not hold.
 */
const CACHE_KIB = 32 * 1024;

const DATABASE_FILE = "holdfast.db";

export function databasePath(directory: string): string {
  return join(directory, DATABASE_FILE);
}

/** Makes the directory, for its owner alone, unless there is one. */
export function createDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
}

/** Opens the file for its one writer, brand new or brought up to date. */
export function openForWriting(directory: string, maxFileBytes: number | undefined): DatabaseSync {
  const path = databasePath(directory);
  createPrivately(path);
  // A foreign key would be looked up at every entry; the row that it names is always found first.
  const options = { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: false };
  return opened(new DatabaseSync(path, options), (database) => {
    // Before the first page is written: afterwards it would take a VACUUM.
    database.exec("PRAGMA auto_vacuum = INCREMENTAL");
    requireWriteAheadLog(database);
    database.exec("PRAGMA synchronous = FULL");
    database.exec(`PRAGMA cache_size = -${CACHE_KIB}`);
    database.exec(`PRAGMA journal_size_limit = ${WAL_SIZE_LIMIT_BYTES}`);
    // A file that is brought up to date may need room for everything twice on the way.
    const isNew = fileVersion(database) === 0;
    if (isNew) limitSize(database, maxFileBytes);
    migrate(database);
    if (!isNew) limitSize(database, maxFileBytes);
  });
}

/** Opens the file beside its writer, or while there is none. */
export function openForReading(directory: string): DatabaseSync {
  const path = databasePath(directory);
  if (!existsSync(path)) {
    throw new AgentError("store_unavailable", `There is no store in ${directory} yet.`, { retryable: false });
  }
  return opened(new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, readOnly: true }), requireCurrent);
}

function opened(database: DatabaseSync, prepare: (database: DatabaseSync) => void): DatabaseSync {
  try {
    prepare(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function requireWriteAheadLog(database: DatabaseSync): void {
  const mode = database.prepare("PRAGMA journal_mode = WAL").get()?.["journal_mode"];
  if (mode === "wal") return;
  throw new AgentError(
    "store_unavailable",
    "The directory's file system has no shared memory for SQLite's write-ahead log; use a local disk, or Redis.",
    { retryable: false },
  );
}

function limitSize(database: DatabaseSync, bytes: number | undefined): void {
  if (bytes === undefined) return;
  const pageSize = Number(database.prepare("PRAGMA page_size").get()?.["page_size"]);
  database.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(bytes / pageSize))}`);
}
