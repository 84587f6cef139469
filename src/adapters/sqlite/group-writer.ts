/*
 * Group commit. An fsync costs as much as some hundred inserts, so whatever is to be written in one turn of the event
 * loop shares one transaction; nobody is answered before its COMMIT (L1, L2). SQLite works synchronously on this thread:
 * a commit holds the event loop up for as long as it takes, and the time that a group takes is bounded for that reason.
 *
 * No savepoints: a write first decides, which only reads and may refuse, and then applies, which only fails when the
 * store does. A refusal thus concerns nobody else; after a failure the group is rolled back as a whole.
 */
import type { DatabaseSync } from "node:sqlite";
import { AgentError } from "../../core/index.ts";
import { fromSqliteError, isFromSqlite } from "./sqlite-error.ts";

/**
 * For how long a group takes in further writes, in milliseconds. Only an overload fills it, and is got over the sooner for
 * it: writes to thousands of conversations share pages of the index as well as the fsync. Past it sockets and timers have
 * waited for long enough.
 */
export const MAX_GROUP_MS = 50;
/** How many writes may wait for their turn; past it the store is overloaded and says so. */
export const MAX_WAITING_WRITES = 16_384;

/** A write that was decided on: what its caller gets, and what there is to do. */
export interface Plan<T> {
  readonly value: T;
  /** Changes rows, within the transaction. Absent: nothing is to be written. */
  readonly apply?: () => void;
  /** Tells others, once it is on stable storage. */
  readonly committed?: () => void;
}

/** What is kept in memory of the rows, and has to be right whatever becomes of a transaction. */
export interface TransactionMemory {
  /** Writes what the transaction under way has gathered, before it is committed. */
  committing(): void;
  /** What was changed since the last call of either is on stable storage. */
  committed(): void;
  /** What was changed since the last call of either has not happened. */
  rolledBack(): void;
}

export interface GroupWriter {
  /**
   * Resolves when the write is on stable storage. `decide` runs within the transaction, sees the writes before it and
   * may refuse by throwing; it may run again when another write of its group fails.
   */
  write<T>(decide: () => Plan<T>): Promise<T>;
  /** Commits what waits; afterwards writes are refused. */
  close(): void;
}

export interface GroupWriterOptions {
  readonly memory?: TransactionMemory;
  /** Milliseconds since whenever. Default `performance.now`. */
  readonly clock?: () => number;
}

export function createGroupWriter(
  database: DatabaseSync,
  { memory, clock = () => performance.now() }: GroupWriterOptions = {},
): GroupWriter {
  const begin = database.prepare("BEGIN IMMEDIATE");
  const commit = database.prepare("COMMIT");
  const rollback = database.prepare("ROLLBACK");
  let waiting: QueuedWrite[] = [];
  let closed = false;

  function enqueue(write: QueuedWrite): void {
    if (waiting.push(write) === 1) setImmediate(flush);
  }

  function flush(): void {
    if (waiting.length === 0) return;
    commitGroup();
    // In the next turn, so that a burst does not starve sockets and timers.
    if (waiting.length > 0) setImmediate(flush);
  }

  /** Answers at least one of those that wait: a group of the first of them, or whoever must be told of a failure. */
  function commitGroup(): void {
    for (;;) {
      const outcome = attempt();
      if ("staged" in outcome) {
        for (const write of taken(outcome.staged)) settle(write);
        return;
      }
      const { error, culprit } = outcome;
      if (!culprit) {
        // The store is away, for whoever waits alike.
        for (const write of taken(waiting.length)) write.reject(error);
        return;
      }
      culprit.reject(error);
      waiting = waiting.filter((write) => write !== culprit);
      if (waiting.length === 0) return;
    }
  }

  function taken(count: number): readonly QueuedWrite[] {
    const first = waiting.slice(0, count);
    waiting = waiting.slice(count);
    return first;
  }

  function attempt(): Committed | Failure {
    let current: QueuedWrite | undefined;
    let staged = 0;
    try {
      const deadline = clock() + MAX_GROUP_MS;
      begin.run();
      for (current of waiting) {
        stage(current);
        staged += 1;
        if (clock() >= deadline) break;
      }
      current = undefined;
      memory?.committing();
      commit.run();
      memory?.committed();
      return { staged };
    } catch (cause) {
      abandon();
      const error = fromSqliteError(cause);
      return { error, culprit: isUnavailable(error) ? undefined : current };
    }
  }

  function abandon(): void {
    memory?.rolledBack();
    try {
      if (database.isTransaction) rollback.run();
    } catch {
      // the error that led here is the one to report; the next BEGIN tells whether the store has recovered
    }
  }

  return {
    write<T>(decide: () => Plan<T>): Promise<T> {
      return new Promise((resolve, reject) => {
        if (closed) throw new AgentError("shutting_down", "The store is closed.");
        if (waiting.length >= MAX_WAITING_WRITES) throw overloaded();
        // What was decided is handed to nobody but the one who asked for it.
        enqueue({
          decide,
          resolve: resolve as QueuedWrite["resolve"],
          reject,
          plan: undefined,
          refusal: undefined,
        });
      });
    },
    close() {
      closed = true;
      while (waiting.length > 0) commitGroup();
    },
  };
}

interface Committed {
  /** How many of those that waited are in it. */
  readonly staged: number;
}

/** Why a group could not be committed, and by whose fault when it is that of one write. */
interface Failure {
  readonly error: Error;
  readonly culprit: QueuedWrite | undefined;
}

/** One object a write and no closures: there is one for every chunk of every answer. */
interface QueuedWrite {
  readonly decide: () => Plan<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  plan: Plan<unknown> | undefined;
  refusal: unknown;
}

/** Decides and applies; a refusal is kept for later. Throws when the group must be rolled back. */
function stage(write: QueuedWrite): void {
  write.plan = undefined;
  try {
    write.plan = write.decide();
  } catch (error) {
    // A failing read may have ended the transaction: what follows must not be written outside of it.
    if (isFromSqlite(error)) throw error;
    write.refusal = error;
    return;
  }
  write.plan.apply?.();
}

/** Answers the caller, after the commit. */
function settle({ plan, refusal, resolve, reject }: QueuedWrite): void {
  if (!plan) {
    reject(refusal);
    return;
  }
  plan.committed?.();
  resolve(plan.value);
}

function isUnavailable(error: Error): boolean {
  return AgentError.isInstance(error) && error.code === "store_unavailable";
}

function overloaded(): AgentError {
  return new AgentError("store_unavailable", "More is being written than the store's disk can take.", {
    retryAfterMs: 1000,
  });
}
