import { accessSync, constants, existsSync, statSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { lockDirectory } from "../../adapters/sqlite/directory-lock.ts";
import { databasePath } from "../../adapters/sqlite/open-database.ts";
import { createSqliteStore } from "../../adapters/sqlite/index.ts";
import { AgentError } from "../../core/index.ts";
import { ok, reasonOf, skipped, unsafe, warning } from "./finding.ts";
import type { Finding } from "./finding.ts";

/** Free space below which the next answers may not be stored, and below which it is time to think, in bytes. */
const LEAST_SPACE = 100 * 2 ** 20;
const LITTLE_SPACE = 2 ** 30;
const MEGABYTE = 2 ** 20;

/** `f_type` of file systems over a network, on which SQLite's locks and shared memory do not hold: statfs(2). */
const NETWORK_FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS"],
  [0x517b, "SMB"],
  [0xff534d42, "CIFS"],
  [0xfe534d42, "SMB2"],
]);

/** The directory of the embedded store, and the file in it if there is one. Writes nothing that stays. */
export async function checkEmbedded(directory: string): Promise<readonly Finding[]> {
  const path = resolve(directory);
  const there = existsSync(path);
  const nearest = nearestDirectory(path);
  return [
    there ? checkDirectory(path) : checkNewDirectory(path, nearest),
    ...(await checkDisk(nearest)),
    ...(there && existsSync(databasePath(path)) ? await checkFile(path) : []),
  ];
}

/** The directory, or the first above it that is there. */
function nearestDirectory(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearestDirectory(dirname(path));
}

function checkNewDirectory(path: string, parent: string): Finding {
  if (isWritable(parent)) return ok("data directory", `${path} is not there yet; the first start makes it.`);
  return unsafe(
    "data directory",
    `${path} is not there, and this user cannot make it in ${parent}.`,
    "Make it for the user that runs the server, or name another (HOLDFAST_DATA_DIR).",
  );
}

function checkDirectory(path: string): Finding {
  const stats = statSync(path);
  const { uid, mode } = stats;
  if (!stats.isDirectory()) {
    return unsafe("data directory", `${path} is no directory.`, "Name another (HOLDFAST_DATA_DIR).");
  }
  if (!isWritable(path)) {
    return unsafe(
      "data directory",
      `${path} cannot be written by this user; it belongs to user ${uid}.`,
      "Give it to the user that runs the server (chown), or name another (HOLDFAST_DATA_DIR).",
    );
  }
  if ((mode & 0o022) !== 0) {
    return unsafe(
      "data directory",
      `Other users may change what is in ${path} (mode ${(mode & 0o777).toString(8)}).`,
      `chmod 700 ${path}`,
    );
  }
  if ((mode & 0o055) !== 0) {
    return warning(
      "data directory",
      `Other users may look into ${path} (mode ${(mode & 0o777).toString(8)}); the files in it are their owner's alone.`,
      `chmod 700 ${path}`,
    );
  }
  return ok("data directory", `${path} is there, for its owner alone.`);
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false; // Whatever the reason, it is what was asked.
  }
}

async function checkDisk(path: string): Promise<readonly Finding[]> {
  const { bavail, bsize, type } = await statfs(path);
  const network = NETWORK_FILE_SYSTEMS.get(type);
  return [
    ...(network === undefined
      ? []
      : [
          unsafe(
            "file system",
            `${path} is on ${network}, where SQLite's locks do not hold.`,
            "Use a local disk, or Redis (REDIS_CONNECTION_STRING).",
          ),
        ]),
    spaceFinding(path, bavail * bsize),
  ];
}

function spaceFinding(path: string, free: number): Finding {
  const says = `${Math.floor(free / MEGABYTE)} MB are free for ${path}.`;
  const advice = "Free some space, or name a directory on another disk (HOLDFAST_DATA_DIR).";
  if (free < LEAST_SPACE) return unsafe("disk space", says, advice);
  return free < LITTLE_SPACE ? warning("disk space", says, advice) : ok("disk space", says);
}

async function checkFile(directory: string): Promise<readonly Finding[]> {
  return [checkLock(directory), await checkVersion(directory), ...checkContent(directory)];
}

/** Takes the lock for a moment, unless somebody has it. */
function checkLock(directory: string): Finding {
  try {
    lockDirectory(directory).release();
    return ok("directory lock", "No server uses the directory now.");
  } catch (error) {
    const { code, details } = AgentError.from(error);
    if (code !== "store_locked")
      return skipped("directory lock", `It cannot be asked for: ${reasonOf(error)}`);
    const pid = details["pid"];
    return ok(
      "directory lock",
      `${pid === undefined ? "Another process" : `Process ${pid}`} has the directory, as a server does; a second one would be refused.`,
    );
  }
}

async function checkVersion(directory: string): Promise<Finding> {
  try {
    const store = await createSqliteStore({ directory, readOnly: true });
    await store.close();
    return ok("store file", `${databasePath(directory)} is of the version of this Holdfast.`);
  } catch (error) {
    const { message } = AgentError.from(error);
    return unsafe("store file", message, "Use the Holdfast that wrote it, or restore it from a backup.");
  }
}

function checkContent(directory: string): readonly Finding[] {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(databasePath(directory), { readOnly: true, timeout: 2000 });
    const mode = String(database.prepare("PRAGMA journal_mode").get()?.["journal_mode"]);
    const [first] = database.prepare("PRAGMA quick_check(1)").all();
    return [journalFinding(mode), integrityFinding(String(first?.["quick_check"]))];
  } catch (error) {
    return [integrityFinding(reasonOf(error))];
  } finally {
    database?.close();
  }
}

function journalFinding(mode: string): Finding {
  if (mode === "wal") return ok("write-ahead log", "The file is in WAL mode.");
  return warning(
    "write-ahead log",
    `The file is in the mode ${mode}, not WAL.`,
    "The next start of a server sets it; nothing else may write this file.",
  );
}

function integrityFinding(answer: string): Finding {
  if (answer === "ok") return ok("integrity", "SQLite finds the file sound (quick_check).");
  return unsafe(
    "integrity",
    `SQLite finds the file damaged: ${answer}`,
    "Stop the server, keep a copy of the file, and restore it from a backup.",
  );
}
