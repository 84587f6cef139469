import type { ConversationId } from "../../core/index.ts";
import type { Drive, RunEngine } from "../../ports/index.ts";
import { createAlarms } from "./alarms.ts";
import {
  checkConcurrency,
  checkedMoment,
  DEFAULT_CONCURRENCY,
  engineStopped,
  printError,
} from "./engine-options.ts";
import type { OnEngineError } from "./engine-options.ts";
import { followUp } from "./follow-up.ts";
import { createLiveDrives } from "./live-drives.ts";
import type { DriveOutcome } from "./live-drives.ts";

export interface LocalEngineOptions {
  /** How many conversations are driven at the same time. Default 256. */
  readonly concurrency?: number;
  /** Hears of drives that threw; they are driven again in any case. Default: prints. */
  readonly onError?: OnEngineError;
}

/**
 * An engine that drives conversations in this process and keeps everything in memory.
 *
 * Wakes are no more durable than the process: what is unfinished is found in the store by the runtime when it starts
 * again (`ConversationStore.unfinished`), and that is what makes them durable. Two processes on one store need another
 * engine: they would not know of each other's drives.
 *
 * Wakes before `start` wait for it. After `stop` they are refused with `shutting_down`.
 */
export function createLocalEngine(options: LocalEngineOptions = {}): RunEngine {
  const concurrency = checkConcurrency(options.concurrency ?? DEFAULT_CONCURRENCY);
  const onError = options.onError ?? printError;
  /** Woken and not being driven, first come first served. */
  const waiting = new Set<ConversationId>();
  /** Woken while being driven: to be driven once more. */
  const again = new Set<ConversationId>();
  const failures = new Map<ConversationId, number>();
  const alarms = createAlarms(wakeNow);
  const live = createLiveDrives(onError);
  let drive: Drive | undefined;
  let stopping = false;
  let stopped: Promise<void> | undefined;

  function wakeNow(id: ConversationId): void {
    if (stopping) return;
    if (live.has(id)) again.add(id);
    else waiting.add(id);
    beginDrives();
  }

  function beginDrives(): void {
    if (!drive || stopping) return;
    while (live.size < concurrency) {
      const [id] = waiting;
      if (id === undefined) return;
      waiting.delete(id);
      void runDrive(id, drive);
    }
  }

  async function runDrive(id: ConversationId, current: Drive): Promise<void> {
    const outcome = await live.begin(id, current).outcome;
    if (!stopping) goOn(id, outcome);
    if (outcome.kind === "threw") onError(outcome.error, id);
  }

  function goOn(id: ConversationId, outcome: DriveOutcome): void {
    const facts = { failures: failures.get(id) ?? 0, now: Date.now(), random: Math.random() };
    const next = followUp(outcome, facts);
    if (next.kind === "at" && next.failures > 0) failures.set(id, next.failures);
    else failures.delete(id);
    if (next.kind === "at") alarms.set(id, next.moment);
    if (again.delete(id) || next.kind === "now") wakeNow(id);
    else beginDrives();
  }

  async function stop(graceMs: number): Promise<void> {
    stopping = true;
    alarms.clear();
    waiting.clear();
    for (const id of await live.stop(graceMs)) {
      onError(new Error("A drive went on after its signal was aborted and was left behind."), id);
    }
  }

  return {
    description: "local (this process only)",
    async start(newDrive) {
      if (drive) throw new TypeError("The engine has been started already; make one engine for each drive.");
      if (stopping) throw engineStopped();
      drive = newDrive;
      beginDrives();
    },
    async wake(id, wakeOptions = {}) {
      const moment = checkedMoment(wakeOptions);
      if (stopping) throw engineStopped();
      if (moment === undefined) wakeNow(id);
      else alarms.set(id, moment);
    },
    async interrupt(id) {
      live.interrupt(id);
    },
    stop: ({ graceMs }) => (stopped ??= stop(graceMs)),
  };
}
