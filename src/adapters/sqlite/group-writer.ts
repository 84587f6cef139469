/*
 * Group commit. An fsync costs as much as some hundred inserts, so whatever is to be written in one turn of the event
 * loop shares one transaction; nobody is answered before its COMMIT (L1, L2). SQLite works synchronously on this thread:
 * a commit holds the event loop up for as long as it takes, and the group's size is bounded for that reason.
 *
 * No savepoints: a write first decides, which only reads and may refuse, and then applies, which only fails when the
 * store does. A refusal thus concerns nobody else; after a failure the group is rolled back as a whole.
 */
import type { DatabaseSync } from "node:sqlite";
import { AgentError } from "../../core/index.ts";
import { fromSqliteError, isFromSqlite } from "./sqlite-error.ts";

/** How many writes share a transaction, so that one commit takes milliseconds. */
export const MAX_GROUP_WRITES = 256;
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

export interface GroupWriter {
  /**
   * Resolves when the write is on stable storage. `decide` runs within the transaction, sees the writes before it and
   * may refuse by throwing; it may run again when another write of its group fails.
   */
  write<T>(decide: () => Plan<T>): Promise<T>;
  /** Commits what waits; afterwards writes are refused. */
  close(): void;
}

export function createGroupWriter(database: DatabaseSync): GroupWriter {
  const begin = database.prepare("BEGIN IMMEDIATE");
  const commit = database.prepare("COMMIT");
  const rollback = database.prepare("ROLLBACK");
  const waiting: QueuedWrite[] = [];
  let closed = false;

  function enqueue(write: QueuedWrite): void {
    if (waiting.push(write) === 1) setImmediate(flush);
  }

  function flush(): void {
    commitGroup(waiting.splice(0, MAX_GROUP_WRITES));
    // In the next turn, so that a burst does not starve sockets and timers.
    if (waiting.length > 0) setImmediate(flush);
  }

  function commitGroup(group: readonly QueuedWrite[]): void {
    let members = group;
    while (members.length > 0) {
      const failure = attempt(members);
      if (!failure) {
        for (const write of members) write.settle();
        return;
      }
      const { error, culprit } = failure;
      for (const write of culprit ? [culprit] : members) write.fail(error);
      members = culprit ? members.filter((write) => write !== culprit) : [];
    }
  }

  function attempt(members: readonly QueuedWrite[]): Failure | undefined {
    let current: QueuedWrite | undefined;
    try {
      begin.run();
      for (current of members) current.stage();
      current = undefined;
      commit.run();
      return undefined;
    } catch (cause) {
      abandon();
      const error = fromSqliteError(cause);
      return { error, culprit: isUnavailable(error) ? undefined : current };
    }
  }

  function abandon(): void {
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
        enqueue(queuedWrite(decide, resolve, reject));
      });
    },
    close() {
      closed = true;
      while (waiting.length > 0) commitGroup(waiting.splice(0, MAX_GROUP_WRITES));
    },
  };
}

/** Why a group could not be committed, and by whose fault when it is that of one write. */
interface Failure {
  readonly error: Error;
  readonly culprit: QueuedWrite | undefined;
}

interface QueuedWrite {
  /** Decides and applies; a refusal is kept for later. Throws when the group must be rolled back. */
  stage(): void;
  /** Answers the caller, after the commit. */
  settle(): void;
  fail(error: Error): void;
}

function queuedWrite<T>(
  decide: () => Plan<T>,
  resolve: (value: T) => void,
  reject: (error: unknown) => void,
): QueuedWrite {
  let outcome: (() => void) | undefined;
  return {
    stage() {
      let plan: Plan<T>;
      try {
        plan = decide();
      } catch (refusal) {
        // A failing read may have ended the transaction: what follows must not be written outside of it.
        if (isFromSqlite(refusal)) throw refusal;
        outcome = () => reject(refusal);
        return;
      }
      plan.apply?.();
      outcome = () => {
        plan.committed?.();
        resolve(plan.value);
      };
    },
    settle: () => outcome?.(),
    fail: reject,
  };
}

function isUnavailable(error: Error): boolean {
  return AgentError.isInstance(error) && error.code === "store_unavailable";
}

function overloaded(): AgentError {
  return new AgentError("store_unavailable", "More is being written than the store's disk can take.", {
    retryAfterMs: 1000,
  });
}
