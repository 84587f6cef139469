/*
 * One server process a directory: two that write the same file take each other's runs away. A file with a pid in it
 * would outlive a SIGKILL and block the restart, so the lock is one that the system drops when the process dies: an
 * exclusive transaction of SQLite on an empty file, held for as long as the store is open. SQLite also refuses a second
 * one in the same process, which a bare fcntl lock would not.
 *
 * Nothing in this process may ever open and close the lock file or the database other than through SQLite: closing any
 * descriptor of a file drops all of the process's POSIX locks on it. Hence `wx`, which opens only what did not exist.
 */
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { AgentError } from "../../core/index.ts";
import { isBusy } from "./sqlite-error.ts";

/** How long two that start at the same moment may stand in each other's way before one is refused. */
const LOCK_WAIT_MS = 250;
const LOCK_FILE = "holdfast.lock";
/** Who holds the lock, for people and for the message; it decides nothing. */
const PID_FILE = "holdfast.pid";

export interface DirectoryLock {
  /** Lets the next one in. */
  release(): void;
}

/** Makes this store the directory's only writer. Throws `store_locked` when there is one already. */
export function lockDirectory(directory: string): DirectoryLock {
  const path = join(directory, LOCK_FILE);
  createPrivately(path);
  const database = new DatabaseSync(path, { timeout: LOCK_WAIT_MS });
  try {
    // Nothing is ever written here: no journal is to lie beside it.
    database.exec("PRAGMA journal_mode = MEMORY");
    database.exec("PRAGMA locking_mode = EXCLUSIVE");
    database.exec("BEGIN EXCLUSIVE");
    leavePid(directory);
  } catch (error) {
    database.close();
    throw isBusy(error) ? storeLocked(directory) : error;
  }
  return {
    release() {
      rmSync(join(directory, PID_FILE), { force: true });
      database.close();
    },
  };
}

/** Makes an empty file that only its owner may read, unless there is one. */
export function createPrivately(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
}

function leavePid(directory: string): void {
  try {
    writeFileSync(join(directory, PID_FILE), `${process.pid}\n`, { mode: 0o600 });
  } catch {
    // on a full disk a server must still start, to read and to delete; the message does without the pid
  }
}

function storeLocked(directory: string): AgentError {
  const pid = holder(directory);
  const who = pid === process.pid ? "this process" : pid === undefined ? "another process" : `process ${pid}`;
  return new AgentError(
    "store_locked",
    `The directory ${directory} is in use by ${who}, and one server process a directory is all there can be. ` +
      "Stop that one, choose another directory (HOLDFAST_DATA_DIR), or use Redis for several processes (REDIS_CONNECTION_STRING).",
    { details: pid === undefined ? { directory } : { directory, pid } },
  );
}

function holder(directory: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(directory, PID_FILE), "utf8"));
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined; // the holder has not written it yet, or has just left: the message does without
  }
}
