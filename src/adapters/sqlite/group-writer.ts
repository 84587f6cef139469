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

/** A write that waits for its group. Its methods are called one after the other, from `stage` on again after a rollback. */
export interface GroupedWrite {
  /** Decides, within the transaction and seeing the writes before it, and changes rows. Throws when the group must be rolled back. */
  stage(): void;
  /** Tells others, once it is on stable storage. */
  committed(): void;
  /** Answers the caller, after that. */
  settle(): void;
  /** Answers that it could not be written. */
  reject(error: unknown): void;
}

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
  /** The same for a write that knows itself whom to answer. Throws when no more can wait. */
  enqueue(write: GroupedWrite): void;
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
  let waiting: GroupedWrite[] = [];
  let scheduled = false;
  let closed = false;

  function enqueue(write: GroupedWrite): void {
    if (closed) throw new AgentError("shutting_down", "The store is closed.");
    if (waiting.length >= MAX_WAITING_WRITES) throw overloaded();
    waiting.push(write);
    schedule();
  }

  /** In the next turn, so that a burst does not starve sockets and timers. */
  function schedule(): void {
    if (scheduled || waiting.length === 0) return;
    scheduled = true;
    setImmediate(flush);
  }

  function flush(): void {
    scheduled = false;
    if (waiting.length === 0) return;
    commitGroup();
    schedule();
  }

  /** Answers at least one of those that wait: a group of the first of them, or whoever must be told of a failure. */
  function commitGroup(): void {
    for (;;) {
      const outcome = attempt();
      if ("staged" in outcome) {
        const written = taken(outcome.staged);
        for (const write of written) write.committed();
        for (const write of written) write.settle();
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

  function taken(count: number): readonly GroupedWrite[] {
    const first = waiting.slice(0, count);
    waiting = waiting.slice(count);
    return first;
  }

  function attempt(): Committed | Failure {
    let current: GroupedWrite | undefined;
    let staged = 0;
    try {
      const deadline = clock() + MAX_GROUP_MS;
      begin.run();
      for (current of waiting) {
        current.stage();
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
        enqueue(new PlannedWrite(decide, resolve, reject));
      });
    },
    enqueue,
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
  readonly culprit: GroupedWrite | undefined;
}

class PlannedWrite<T> implements GroupedWrite {
  readonly #decide: () => Plan<T>;
  readonly #resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
  #plan: Plan<T> | undefined;
  #refusal: unknown;

  constructor(decide: () => Plan<T>, resolve: (value: T) => void, reject: (error: unknown) => void) {
    this.#decide = decide;
    this.#resolve = resolve;
    this.reject = reject;
  }

  stage(): void {
    this.#plan = undefined;
    try {
      this.#plan = this.#decide();
    } catch (error) {
      this.#refusal = refusalFrom(error);
      return;
    }
    this.#plan.apply?.();
  }

  committed(): void {
    this.#plan?.committed?.();
  }

  settle(): void {
    if (this.#plan) this.#resolve(this.#plan.value);
    else this.reject(this.#refusal);
  }
}

/** Why a write was refused, which is its caller's affair alone; throws what the group must be rolled back for. */
export function refusalFrom(error: unknown): unknown {
  // A failing read may have ended the transaction: what follows must not be written outside of it.
  if (isFromSqlite(error)) throw error;
  return error;
}

function isUnavailable(error: Error): boolean {
  return AgentError.isInstance(error) && error.code === "store_unavailable";
}

function overloaded(): AgentError {
  return new AgentError("store_unavailable", "More is being written than the store's disk can take.", {
    retryAfterMs: 1000,
  });
}
