/*
 * Group commit. An fsync costs as much as some hundred inserts, so whatever came while the one before was under way shares
 * one transaction and its fsync, before which nobody is answered (L1, L2). The fsync is made beside the event loop; what
 * SQLite does by itself holds it up, and the time that a group takes is bounded for that reason.
 *
 * What a group wrote can be read before it is on stable storage: `synced` tells when what was read is.
 *
 * No savepoints: a write first decides, which only reads and may refuse, and then applies, which only fails when the
 * store does. A refusal thus concerns nobody else; after a failure the group is rolled back as a whole.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
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
  /**
   * Resolves when all that can be read now is on stable storage. Undefined: it is already. Rejects when that is not known
   * and never will be.
   */
  synced(): Promise<void> | undefined;
  /** Refuses further writes; resolves when those that wait were answered. */
  close(): Promise<void>;
}

export interface GroupWriterOptions {
  /** Calls back when all that was committed before is on stable storage, or with why that is not known. */
  readonly sync: (done: (error: Error | null) => void) => void;
  readonly memory?: TransactionMemory;
  /** Milliseconds since whenever. Default `performance.now`. */
  readonly clock?: () => number;
}

export function createGroupWriter(database: DatabaseSync, options: GroupWriterOptions): GroupWriter {
  return new DatabaseGroupWriter(database, options);
}

class DatabaseGroupWriter implements GroupWriter {
  readonly #database: DatabaseSync;
  readonly #sync: GroupWriterOptions["sync"];
  readonly #memory: TransactionMemory | undefined;
  readonly #clock: () => number;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #rollback: StatementSync;
  #waiting: QueuedWrite[] = [];
  #scheduled = false;
  /** Committed, and to be answered when it is on stable storage: one group at a time. */
  #syncing: readonly QueuedWrite[] | undefined;
  /** Those who have read what is being synced. */
  #readers: PromiseWithResolvers<void> | undefined;
  /** Whether what was committed is on stable storage is not known. */
  #lost: AgentError | undefined;
  #closing: PromiseWithResolvers<void> | undefined;

  constructor(database: DatabaseSync, { sync, memory, clock }: GroupWriterOptions) {
    this.#database = database;
    this.#sync = sync;
    this.#memory = memory;
    this.#clock = clock ?? (() => performance.now());
    this.#begin = database.prepare("BEGIN IMMEDIATE");
    this.#commit = database.prepare("COMMIT");
    this.#rollback = database.prepare("ROLLBACK");
  }

  write<T>(decide: () => Plan<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#closing) throw new AgentError("shutting_down", "The store is closed.");
      if (this.#lost) throw this.#lost;
      if (this.#waiting.length >= MAX_WAITING_WRITES) throw overloaded();
      this.#waiting.push({
        decide,
        // What was decided is handed to nobody but the one who asked for it.
        resolve: resolve as QueuedWrite["resolve"],
        reject,
        plan: undefined,
        refusal: undefined,
      });
      this.#schedule();
    });
  }

  synced(): Promise<void> | undefined {
    if (this.#lost) return Promise.reject(this.#lost);
    if (!this.#syncing) return undefined;
    this.#readers ??= Promise.withResolvers();
    return this.#readers.promise;
  }

  close(): Promise<void> {
    this.#closing ??= Promise.withResolvers();
    this.#schedule();
    return this.#closing.promise;
  }

  /** In a turn of its own, so that a burst does not starve sockets and timers. */
  #schedule(): void {
    if (this.#scheduled || this.#syncing) return;
    if (this.#waiting.length === 0) {
      this.#closing?.resolve();
      return;
    }
    this.#scheduled = true;
    setImmediate(this.#flush);
  }

  readonly #flush = (): void => {
    this.#scheduled = false;
    const group = this.#commitGroup();
    if (group.some((write) => write.plan?.apply)) {
      this.#syncing = group;
      this.#sync(this.#onSynced);
      return;
    }
    for (const write of group) settle(write);
    this.#schedule();
  };

  readonly #onSynced = (error: Error | null): void => {
    const group = this.#syncing ?? [];
    const readers = this.#readers;
    this.#syncing = undefined;
    this.#readers = undefined;
    if (error) {
      // An fsync that failed may succeed the next time without having written anything: nothing is certain from here on.
      this.#lost = lost(error);
      for (const write of [...group, ...this.#taken(this.#waiting.length)]) write.reject(this.#lost);
      readers?.reject(this.#lost);
    } else {
      for (const write of group) settle(write);
      readers?.resolve();
    }
    this.#schedule();
  };

  /** A group of the first of those that wait, committed; none where somebody had to be told of a failure first. */
  #commitGroup(): readonly QueuedWrite[] {
    for (;;) {
      const outcome = this.#attempt();
      if ("staged" in outcome) return this.#taken(outcome.staged);
      const { error, culprit } = outcome;
      if (!culprit) {
        // The store is away, for whoever waits alike.
        for (const write of this.#taken(this.#waiting.length)) write.reject(error);
        return NOBODY;
      }
      culprit.reject(error);
      this.#waiting = this.#waiting.filter((write) => write !== culprit);
      if (this.#waiting.length === 0) return NOBODY;
    }
  }

  #taken(count: number): readonly QueuedWrite[] {
    const first = this.#waiting;
    if (count === first.length) {
      this.#waiting = [];
      return first;
    }
    this.#waiting = first.slice(count);
    return first.slice(0, count);
  }

  #attempt(): Committed | Failure {
    let current: QueuedWrite | undefined;
    let staged = 0;
    try {
      const deadline = this.#clock() + MAX_GROUP_MS;
      this.#begin.run();
      for (current of this.#waiting) {
        stage(current);
        staged += 1;
        if (this.#clock() >= deadline) break;
      }
      current = undefined;
      this.#memory?.committing();
      this.#commit.run();
      this.#memory?.committed();
      return { staged };
    } catch (cause) {
      this.#abandon();
      const error = fromSqliteError(cause);
      return { error, culprit: isUnavailable(error) ? undefined : current };
    }
  }

  #abandon(): void {
    this.#memory?.rolledBack();
    try {
      if (this.#database.isTransaction) this.#rollback.run();
    } catch {
      // the error that led here is the one to report; the next BEGIN tells whether the store has recovered
    }
  }
}

const NOBODY: readonly QueuedWrite[] = [];

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

/** Answers the caller, when all is on stable storage. */
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

function lost(cause: Error): AgentError {
  return new AgentError(
    "store_unavailable",
    "The disk failed to keep what was written to the store: see to the disk, and restart the server.",
    { cause },
  );
}

function overloaded(): AgentError {
  return new AgentError("store_unavailable", "More is being written than the store's disk can take.", {
    retryAfterMs: 1000,
  });
}
