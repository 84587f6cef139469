import { Worker } from "bullmq";
import type { Job } from "bullmq";
import { settlesWithin } from "../local/settles-within.ts";
import type { BullmqClient } from "./redis-client.ts";

/**
 * How often a job whose worker died is begun again: always. That a run which keeps killing its worker is failed after a
 * named limit is the runtime's business (L10), which counts attempts in the log.
 */
const STALLS_ALLOWED = 1_000_000;
/** How long, in seconds, an idle worker sleeps at most when it knows of no timer: a frozen one may have taken its alarm. */
const IDLE_LOOK_S = 1;
/** How long a worker waits before it asks again after an error, in milliseconds; BullMQ's own is 15 s. */
const AFTER_ERROR_MS = 1_000;
/** How long a worker may take to close its connections, in milliseconds. */
const CLOSE_LIMIT_MS = 5_000;

export interface JobWorkerOptions {
  readonly client: BullmqClient;
  readonly prefix: string;
  readonly queue: string;
  readonly concurrency: number;
  readonly lockDurationMs: number;
  readonly stalledIntervalMs: number;
  readonly process: (job: Job<unknown, void>, token: string) => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/** A BullMQ worker with what this engine needs set: no renewal of locks, no giving up, quick to see that another died. */
export interface JobWorker {
  /** Resolves when jobs are being taken. */
  ready(): Promise<void>;
  /** Takes no more jobs. One that is on its way may still come. */
  pause(): Promise<void>;
  /** As `LockKeeperOptions.extend`. */
  extend(jobIds: string[], tokens: string[], durationMs: number): Promise<readonly string[]>;
  /** Closes its connections, after its jobs have ended or, by force, without asking anybody. */
  close(options: { readonly force: boolean }): Promise<void>;
}

export function createJobWorker(options: JobWorkerOptions): JobWorker {
  const { client, prefix, queue, concurrency, lockDurationMs, stalledIntervalMs, onError } = options;
  const worker = new Worker<unknown, void>(queue, (job, token = "") => options.process(job, token), {
    connection: client,
    prefix,
    concurrency,
    lockDuration: lockDurationMs,
    skipLockRenewal: true,
    stalledInterval: stalledIntervalMs,
    maxStalledCount: STALLS_ALLOWED,
    drainDelay: IDLE_LOOK_S,
    runRetryDelay: AFTER_ERROR_MS,
  });
  worker.on("error", onError);
  return {
    async ready() {
      await worker.waitUntilReady();
    },
    pause: () => worker.pause(true),
    extend: (jobIds, tokens, durationMs) => worker.extendJobLocks(jobIds, tokens, durationMs),
    async close({ force }) {
      if (await settlesWithin(worker.close(force), CLOSE_LIMIT_MS)) return;
      onError(new Error(`The worker of ${queue} did not close within ${CLOSE_LIMIT_MS} ms.`));
    },
  };
}
