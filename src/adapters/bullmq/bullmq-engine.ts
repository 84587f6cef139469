import type { ConversationId } from "../../core/index.ts";
import type { Drive, RunEngine } from "../../ports/index.ts";
import {
  checkConcurrency,
  checkedMoment,
  DEFAULT_CONCURRENCY,
  engineStopped,
  printError,
} from "../local/engine-options.ts";
import type { OnEngineError } from "../local/engine-options.ts";
import { createLiveDrives } from "../local/live-drives.ts";
import { settlesWithin } from "../local/settles-within.ts";
import { createBoundedCalls } from "./bounded-calls.ts";
import { createDriveWorkers } from "./drive-workers.ts";
import type { DriveWorkers } from "./drive-workers.ts";
import { addressOf, connectRedis, disconnectRedis } from "./redis-client.ts";
import type { BullmqConnection } from "./redis-client.ts";
import { createWakeQueue } from "./wake-queue.ts";

/** How long a wake may take, in milliseconds, before it is refused as `store_unavailable`. */
export const CALL_LIMIT_MS = 5_000;
/** How long an interrupt may take, in milliseconds: nobody is helped by a late one. */
const INTERRUPT_LIMIT_MS = 1_000;
/** How long Redis may take to say that it is there, in milliseconds, before a stop goes on without it. */
const PING_LIMIT_MS = 1_000;
/** How long a start may take, in milliseconds. */
export const START_LIMIT_MS = 10_000;

export interface BullmqEngineOptions {
  /** Where Redis (or Valkey) is: host, port, username, password, db, tls, sentinels and whatever else ioredis takes. */
  readonly connection: BullmqConnection;
  /** What all keys and the channel begin with. On a Cluster it must have a hash tag. Default `{holdfast}`. */
  readonly prefix?: string;
  /** What the queue is called after the prefix; no colon. Processes that share both share the work. Default `wakes`. */
  readonly queueName?: string;
  /** How many conversations this process drives at the same time. Default 256. */
  readonly concurrency?: number;
  /**
   * For how long a process that says nothing keeps what it drives, in milliseconds. Default 3000: after it, and at most
   * two stall intervals, another goes on. A process whose event loop is blocked for longer loses its drives.
   */
  readonly lockDurationMs?: number;
  /** How often it is looked for what a dead process has left, in milliseconds. Default 1000. */
  readonly stalledIntervalMs?: number;
  /** Hears of drives that threw (they are driven again), and of trouble with Redis. Default: prints. */
  readonly onError?: OnEngineError;
}

/**
 * An engine for many processes on many machines: BullMQ, on Redis, as a keyed wake-up.
 *
 * A wake is durable once Redis has acknowledged it, as far as that Redis is. A conversation that a killed process was
 * driving goes on elsewhere within `lockDurationMs` and two stall intervals. A process that was cut off or slept has the
 * `signal` of its drives aborted when their locks have run out, before or after another went on: only the store's fence
 * makes certain that one writes.
 *
 * Without `start` it still wakes and interrupts, for processes that only take requests. When Redis cannot be reached
 * for 5 s, `wake` rejects with `store_unavailable` (the wake may still happen), `start` does after 10 s, and `interrupt`,
 * which is best effort, tells `onError`. Redis must not evict (`maxmemory-policy noeviction`).
 */
export function createBullmqEngine(options: BullmqEngineOptions): RunEngine {
  const { prefix = "{holdfast}", queueName = "wakes" } = options;
  const concurrency = checkConcurrency(options.concurrency ?? DEFAULT_CONCURRENCY);
  const onError = options.onError ?? printError;
  const onRedisError = onceForEach((error) => onError(error, undefined));
  const channel = `${prefix}:interrupt`;
  const client = connectRedis(options.connection, onRedisError);
  const queue = createWakeQueue({ client, prefix, name: queueName, onError: onRedisError });
  const calls = createBoundedCalls();
  const live = createLiveDrives(onError);
  let workers: DriveWorkers | undefined;
  let stopping = false;
  let closing = false;
  let stopped: Promise<void> | undefined;

  async function stop(graceMs: number): Promise<void> {
    stopping = true;
    await workers?.pause();
    const left = await live.stop(graceMs);
    for (const id of left) {
      onError(new Error("A drive went on after its signal was aborted and was left behind."), id);
    }
    closing = true;
    const reachable = client.status === "ready" && (await settlesWithin(client.ping(), PING_LIMIT_MS));
    if (reachable) await settlesWithin(calls.settled(), CALL_LIMIT_MS);
    else client.disconnect();
    await workers?.close({ force: !reachable || left.length > 0 });
    await queue.close();
    await disconnectRedis(client);
  }

  return {
    description: `BullMQ (Redis ${addressOf(options.connection)})`,
    async start(drive: Drive) {
      if (workers)
        throw new TypeError("The engine has been started already; make one engine for each drive.");
      if (stopping) throw engineStopped();
      const started = createDriveWorkers({
        client,
        prefix,
        queueName,
        queue,
        live,
        drive,
        concurrency,
        channel,
        lockDurationMs: options.lockDurationMs ?? 3_000,
        stalledIntervalMs: options.stalledIntervalMs ?? 1_000,
        stopping: () => stopping,
        onError,
        onRedisError,
      });
      workers = started;
      await calls.run("start the engine", START_LIMIT_MS, () => started.ready());
    },
    async wake(id: ConversationId, wakeOptions = {}) {
      const moment = checkedMoment(wakeOptions);
      if (closing) throw engineStopped();
      await calls.run("wake the conversation", CALL_LIMIT_MS, () =>
        moment === undefined ? queue.wake({ id, failures: 0 }) : queue.wakeAt({ id, failures: 0, moment }),
      );
    },
    async interrupt(id) {
      if (closing) return;
      await calls
        .run("interrupt the conversation", INTERRUPT_LIMIT_MS, () => client.publish(channel, id))
        .catch((error: unknown) => onError(error, id));
    },
    stop: ({ graceMs }) => (stopped ??= stop(graceMs)),
  };
}

/** An error of a connection comes once from each of the things that share it. */
function onceForEach(onError: (error: unknown) => void): (error: unknown) => void {
  const seen = new WeakSet<object>();
  return (error) => {
    if (typeof error === "object" && error !== null) {
      if (seen.has(error)) return;
      seen.add(error);
    }
    onError(error);
  };
}
