/**
 * Keeps the locks of jobs that are being driven, instead of BullMQ's own renewal, which knows jobs by id only: when a
 * worker that lost a job is given the same job again, the end of its first drive stops the renewal for the second. And
 * it never says that a lock has run out when Redis cannot be asked.
 */
export interface LockKeeper {
  /** Keeps a lock until the returned function is called, or until it is lost, which calls `lose` once. */
  keep(lock: HeldLock): () => void;
}

export interface HeldLock {
  readonly jobId: string;
  readonly token: string;
  /** When the lock was taken at the earliest, milliseconds since 1970. */
  readonly since: number;
  lose(): void;
}

export interface LockKeeperOptions {
  readonly lockDurationMs: number;
  /** Extends locks from now on; resolves with the ids of the jobs whose lock is not held any more. */
  readonly extend: (jobIds: string[], tokens: string[], durationMs: number) => Promise<readonly string[]>;
  readonly onError: (error: unknown) => void;
}

/** How often a lock is renewed in its duration. */
const RENEWALS = 3;

export function createLockKeeper({ lockDurationMs, extend, onError }: LockKeeperOptions): LockKeeper {
  const held = new Map<HeldLock, { renewedAt: number }>();
  let interval: NodeJS.Timeout | undefined;
  let extending = false;

  function drop(lock: HeldLock): boolean {
    const kept = held.delete(lock);
    if (held.size === 0) {
      clearInterval(interval);
      interval = undefined;
    }
    return kept;
  }

  function lose(lock: HeldLock): void {
    if (drop(lock)) lock.lose();
  }

  function renew(): void {
    // First what ran out, so that a process that slept (SIGSTOP, a suspended machine) knows before it asks.
    for (const [lock, { renewedAt }] of held) {
      if (Date.now() - renewedAt >= lockDurationMs) lose(lock);
    }
    if (!extending && held.size > 0) void extendAll();
  }

  async function extendAll(): Promise<void> {
    extending = true;
    const asked = Date.now();
    const locks = [...held.keys()];
    try {
      const jobIds = locks.map((lock) => lock.jobId);
      const tokens = locks.map((lock) => lock.token);
      const lost = new Set(await extend(jobIds, tokens, lockDurationMs));
      for (const lock of locks) {
        const state = held.get(lock);
        if (lost.has(lock.jobId)) lose(lock);
        else if (state) state.renewedAt = asked;
      }
    } catch (error) {
      onError(error);
    } finally {
      extending = false;
    }
  }

  return {
    keep(lock) {
      held.set(lock, { renewedAt: lock.since });
      interval ??= setInterval(renew, lockDurationMs / RENEWALS);
      return () => void drop(lock);
    },
  };
}
