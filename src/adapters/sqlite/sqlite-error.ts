import { AgentError } from "../../core/index.ts";

/** The result codes of SQLite that this adapter tells apart: https://sqlite.org/rescode.html */
const RESULT = {
  busy: 5,
  locked: 6,
  outOfMemory: 7,
  readOnly: 8,
  inputOutput: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  protocol: 15,
  notADatabase: 26,
} as const;

const PASSES_BY_ITSELF: ReadonlySet<number> = new Set([
  RESULT.busy,
  RESULT.locked,
  RESULT.outOfMemory,
  RESULT.readOnly,
  RESULT.inputOutput,
  RESULT.full,
  RESULT.cannotOpen,
  RESULT.protocol,
]);
const DAMAGED: ReadonlySet<number> = new Set([RESULT.corrupt, RESULT.notADatabase]);

/**
 * Translates what `node:sqlite` throws: `store_unavailable` for a full disk, a failing one, a lock, a damaged file
 * or an unusable directory, `shutting_down` for a closed database. Our own errors and the caller's mistakes (TypeError) stay as they are; anything
 * else is ours and becomes `internal_error`.
 */
export function fromSqliteError(error: unknown): Error {
  if (AgentError.isInstance(error)) return error;
  const code = errorCode(error);
  if (code === "ERR_INVALID_STATE") return new AgentError("shutting_down", "The store is closed.");
  if (error instanceof TypeError && code === undefined) return error;
  if (isFromFileSystem(error)) {
    return new AgentError("store_unavailable", `The store's directory cannot be used: ${error.code}.`, {
      cause: error,
    });
  }
  const result = resultCode(error);
  if (result === undefined) return AgentError.from(error);
  if (PASSES_BY_ITSELF.has(result)) {
    return new AgentError("store_unavailable", unavailableBecause(result), { cause: error });
  }
  if (DAMAGED.has(result)) {
    return new AgentError("store_unavailable", "The store's file is damaged: restore it from a backup.", {
      cause: error,
      retryable: false,
    });
  }
  return AgentError.from(error);
}

/** Whether somebody else holds the file. */
export function isBusy(error: unknown): boolean {
  return resultCode(error) === RESULT.busy;
}

/** Whether this is the database speaking, after which its transaction may already be rolled back. */
export function isFromSqlite(error: unknown): boolean {
  return resultCode(error) !== undefined;
}

function unavailableBecause(result: number): string {
  if (result === RESULT.full) return "The store's disk is full, or its file has reached its limit.";
  return "The store cannot be written or read now.";
}

function isFromFileSystem(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error && typeof errorCode(error) === "string";
}

function errorCode(error: unknown): unknown {
  return typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
}

/** The primary result code: the low byte of an extended one. */
function resultCode(error: unknown): number | undefined {
  if (errorCode(error) !== "ERR_SQLITE_ERROR" || typeof error !== "object" || error === null)
    return undefined;
  return "errcode" in error && typeof error.errcode === "number" ? error.errcode & 0xff : undefined;
}
