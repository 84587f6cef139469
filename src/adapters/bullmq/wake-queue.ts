import { Queue, UnrecoverableError } from "bullmq";
import type { JobsOptions } from "bullmq";
import type { ConversationId } from "../../core/index.ts";
import type { BullmqClient } from "./redis-client.ts";

/** A timer further ahead than this (milliseconds) is set for then, and again when it fires: BullMQ counts to 2039 only. */
export const TIMER_HORIZON_MS: number = 30 * 86_400_000;
/** How often BullMQ runs a job again whose processor failed: always. Giving up is for whoever reads the log. */
const ATTEMPTS = 1_000_000;
/** After what time, in milliseconds, it does. Short, because wakes for now wait for it. */
const ATTEMPT_AFTER_MS = 250;
/** How many of its own events BullMQ keeps a queue. Nothing here reads them. */
const EVENTS_KEPT = 100;

/** What a job carries. */
export interface WakeData {
  readonly id: ConversationId;
  /** How many drives of the conversation failed in a row before. Lost when wakes coalesce, which ends a back-off early. */
  readonly failures: number;
}

export interface TimerData extends WakeData {
  /** Milliseconds since 1970. */
  readonly moment: number;
}

/**
 * Conversations to be driven, as jobs of two BullMQ queues: those that are due, and timers that make them due.
 *
 * Two, because a delayed job swallows an immediate one of the same id, because a worker that knows of a delayed job may
 * sleep for 10 s, and so that timers fire when every place for drives is taken.
 */
export interface WakeQueue {
  wake(data: WakeData): Promise<void>;
  /** Wakes at a moment. Moments of one conversation do not replace each other: each is a promise of its own. */
  wakeAt(data: TimerData): Promise<void>;
  close(): Promise<void>;
}

export interface WakeQueueOptions {
  readonly client: BullmqClient;
  readonly prefix: string;
  readonly name: string;
  readonly onError: (error: unknown) => void;
}

export function createWakeQueue({ client, prefix, name, onError }: WakeQueueOptions): WakeQueue {
  const options = { connection: client, prefix, streams: { events: { maxLen: EVENTS_KEPT } } };
  const wakes = new Queue<unknown, void, "wake">(name, options);
  const timers = new Queue<unknown, void, "timer">(timersName(name), options);
  wakes.on("error", onError);
  timers.on("error", onError);
  return {
    async wake(data) {
      await wakes.add("wake", data, jobOptions(data.id));
    },
    async wakeAt(data) {
      const delay = Math.max(1, Math.min(data.moment - Date.now(), TIMER_HORIZON_MS));
      await timers.add("timer", data, { ...jobOptions(`${data.moment}:${data.id}`), delay });
    },
    async close() {
      await Promise.all([wakes.close(), timers.close()]);
    },
  };
}

/** Reads what a job carries. Throws, so that the job is not tried again, for what no version of this code wrote. */
export function wakeData(value: unknown): WakeData {
  if (typeof value === "object" && value !== null && "id" in value && typeof value.id === "string") {
    const failures = "failures" in value && typeof value.failures === "number" ? value.failures : 0;
    return { id: value.id as ConversationId, failures };
  }
  throw new UnrecoverableError(`Not a wake: ${JSON.stringify(value)}`);
}

/** As `wakeData`. A timer without a moment is due. */
export function timerData(value: unknown): TimerData {
  const data = wakeData(value);
  const moment =
    typeof value === "object" && value !== null && "moment" in value && typeof value.moment === "number"
      ? value.moment
      : 0;
  return { ...data, moment };
}

/** The name of the queue of timers beside a queue of wakes. */
export function timersName(name: string): string {
  return `${name}-timers`;
}

/** One waiting job and one active job an id: a wake that comes while a job is active is kept until it ends. */
function jobOptions(id: string): JobsOptions {
  return {
    deduplication: { id, keepLastIfActive: true },
    attempts: ATTEMPTS,
    backoff: { type: "fixed", delay: ATTEMPT_AFTER_MS },
    removeOnComplete: true,
    removeOnFail: true,
  };
}
