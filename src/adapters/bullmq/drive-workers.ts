import type { ConversationId } from "../../core/index.ts";
import type { Drive } from "../../ports/index.ts";
import type { OnEngineError } from "../local/engine-options.ts";
import type { LiveDrives } from "../local/live-drives.ts";
import { createDriveJob } from "./drive-job.ts";
import { createInterruptListener } from "./interrupt-channel.ts";
import { createJobWorker } from "./job-worker.ts";
import { createLockKeeper } from "./lock-keeper.ts";
import { duplicateOf } from "./redis-client.ts";
import type { BullmqClient } from "./redis-client.ts";
import { createTimerJob } from "./timer-job.ts";
import { timersName } from "./wake-queue.ts";
import type { WakeQueue } from "./wake-queue.ts";

/** How many timers a process fires at the same time; each is one call to Redis. */
const TIMER_CONCURRENCY = 16;

export interface DriveWorkersOptions {
  readonly client: BullmqClient;
  readonly prefix: string;
  readonly queueName: string;
  readonly channel: string;
  readonly queue: WakeQueue;
  readonly live: LiveDrives;
  readonly drive: Drive;
  readonly concurrency: number;
  readonly lockDurationMs: number;
  readonly stalledIntervalMs: number;
  readonly stopping: () => boolean;
  readonly onError: OnEngineError;
  readonly onRedisError: (error: unknown) => void;
}

/** What a process that drives has and one that only wakes does not: two workers and a subscription. */
export interface DriveWorkers {
  ready(): Promise<void>;
  pause(): Promise<void>;
  close(options: { readonly force: boolean }): Promise<void>;
}

export function createDriveWorkers(options: DriveWorkersOptions): DriveWorkers {
  const { client, prefix, queueName, channel, queue, live, lockDurationMs, stalledIntervalMs } = options;
  const onError = options.onRedisError;
  const common = { client, prefix, lockDurationMs, stalledIntervalMs, onError };
  const locks = createLockKeeper({
    lockDurationMs,
    extend: (jobIds, tokens, durationMs) => drives.extend(jobIds, tokens, durationMs),
    onError,
  });
  const drives = createJobWorker({
    ...common,
    queue: queueName,
    concurrency: options.concurrency,
    process: createDriveJob({ ...options, locks }),
  });
  const timers = createJobWorker({
    ...common,
    queue: timersName(queueName),
    concurrency: TIMER_CONCURRENCY,
    process: createTimerJob(queue),
  });
  const subscriber = duplicateOf(client);
  subscriber.on("error", onError);
  const interrupts = createInterruptListener({
    client: subscriber,
    channel,
    onInterrupt: (id) => live.interrupt(id as ConversationId),
    onGap: () => live.interruptAll(),
    onError,
  });
  return {
    async ready() {
      await Promise.all([drives.ready(), timers.ready(), interrupts.listen()]);
    },
    async pause() {
      await Promise.all([drives.pause(), timers.pause()]);
    },
    async close(closeOptions) {
      await Promise.all([
        drives.close(closeOptions),
        timers.close(closeOptions),
        interrupts.close(closeOptions),
      ]);
    },
  };
}
