/*
 * SQLite would fsync its write-ahead log within COMMIT, on the one thread that all streams share, and hold everybody up
 * for as long as the disk takes. With `synchronous = NORMAL` a COMMIT only writes there; whoever has to be sure syncs the
 * file from here, on a thread of libuv's, before anybody is told. That is what SQLite's FULL does, at another moment:
 * https://sqlite.org/pragma.html#pragma_synchronous. A sync covers what was written before it began.
 */
import { closeSync, fdatasync, fdatasyncSync, openSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";

const WRITE_AHEAD_LOG_FILE = "holdfast.db-wal";

/** Where commits lie until they are copied into the file. */
export interface WriteAheadLog {
  /** Calls back when all that was committed before is on stable storage, or with why that is not known. */
  sync(done: (error: Error | null) => void): void;
  close(): void;
}

/** Opens that of a database that was opened for writing, with all that is in it on stable storage. */
export function openWriteAheadLog(directory: string): WriteAheadLog {
  // SQLite locks the files beside it and never this one: to close it here releases no lock of SQLite's.
  const file = openSync(join(directory, WRITE_AHEAD_LOG_FILE), "r+");
  try {
    // What a killed process had committed and not synced is seen from now on.
    fdatasyncSync(file);
  } catch (error) {
    closeSync(file);
    throw error;
  }
  return {
    sync: (done) => fdatasync(file, done),
    close: () => closeSync(file),
  };
}

/** The same for who only reads, and has seen what the writer may not have synced yet. Without such a file nothing is to be done. */
export async function syncWriteAheadLog(directory: string): Promise<void> {
  const file = await open(join(directory, WRITE_AHEAD_LOG_FILE), "r").catch(ifMissing);
  try {
    await file?.datasync();
  } finally {
    await file?.close();
  }
}

function ifMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}
