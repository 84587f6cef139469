import { deepEqual, equal, ok } from "node:assert/strict";
import { randomConversationId } from "../core/index.ts";
import type { ConversationId } from "../core/index.ts";
import type { Drive, DriveResult, DriveTask, RunEngine } from "../ports/index.ts";
import { eventually } from "./law.ts";
import type { Law } from "./law.ts";

/** An engine under test, not yet started, and how to get another one on the same wakes, if that is possible at all. */
export interface EngineSubject {
  readonly engine: RunEngine;
  /** Opens another engine on the same wakes, not yet started, as another process would. */
  readonly openBeside?: () => Promise<RunEngine>;
  /** Whether wakes outlive the engine that took them. */
  readonly durable: boolean;
  /** Stops every engine of the subject, also those that a law has stopped already. */
  close(): Promise<void>;
}

/** What every `RunEngine` promises. Subjects should drive at least `ENGINE_LAW_CONCURRENCY` conversations at once. */
export const ENGINE_LAWS: readonly Law<EngineSubject>[] = [
  law("L10.wake", "a wake is followed by a drive that begins after it", async ({ engine }) => {
    const probe = createProbe();
    await engine.start(probe.drive);
    const id = randomConversationId();
    for (let round = 0; round < 3; round++) {
      const woken = performance.now();
      await engine.wake(id);
      await eventually("a drive after the wake", () => probe.begunSince(id, woken) > 0);
    }
  }),
  law("L10.any-id", "an id may be of any characters that ids have", async ({ engine }) => {
    const probe = createProbe();
    await engine.start(probe.drive);
    const ids = ["7", "0:1", "a:b:c", "timer:1:x", "user@host.example_-", "x".repeat(128)].map(
      (text) => text as ConversationId,
    );
    for (const id of ids) await engine.wake(id);
    for (const id of ids) await eventually(`a drive of ${id}`, () => probe.count(id) > 0);
    deepEqual(new Set(probe.driven()), new Set(ids));
  }),
  law("L10.early", "what is woken before the start is driven once after it", async ({ engine }) => {
    const probe = createProbe();
    const [id, last] = [randomConversationId(), randomConversationId()];
    for (let wakes = 0; wakes < 20; wakes++) await engine.wake(id);
    await engine.start(probe.drive);
    await eventually("a drive", () => probe.count(id) > 0);
    await engine.wake(last);
    await eventually("a drive of what was woken last", () => probe.count(last) > 0);
    equal(probe.count(id), 1);
  }),
  law("L10.active", "wakes during a drive lead to one more drive after it", async ({ engine }) => {
    const gate = Promise.withResolvers<void>();
    const probe = createProbe(async () => {
      await gate.promise;
      return IDLE;
    });
    await engine.start(probe.drive);
    const [id, last] = [randomConversationId(), randomConversationId()];
    await engine.wake(id);
    await eventually("the first drive", () => probe.count(id) === 1);
    const woken = performance.now();
    for (let wakes = 0; wakes < 20; wakes++) await engine.wake(id);
    equal(probe.count(id), 1);
    gate.resolve();
    await eventually("a drive after the wakes", () => probe.begunSince(id, woken) > 0);
    await eventually("the drives end", () => probe.liveNow() === 0);
    await engine.wake(last);
    await eventually("a drive of what was woken last", () => probe.count(last) > 0);
    equal(probe.count(id), 2);
  }),
  law("L9.one", "a conversation is driven by one at a time, wherever it is woken", async (subject) => {
    const probe = createProbe(() => passTime());
    const engines = [subject.engine];
    if (subject.openBeside) engines.push(await subject.openBeside());
    for (const engine of engines) await engine.start(probe.drive);
    const ids = Array.from({ length: 12 }, randomConversationId);
    const woken = new Map<ConversationId, number>();
    for (let round = 0; round < 10; round++) {
      for (const id of ids) woken.set(id, performance.now());
      await Promise.all(ids.flatMap((id) => engines.map((engine) => engine.wake(id))));
    }
    for (const [id, since] of woken) {
      await eventually("a drive after the last wake", () => probe.begunSince(id, since) > 0);
    }
    await eventually("the drives end", () => probe.liveNow() === 0);
    deepEqual(probe.overlaps(), []);
  }),
  law("L9.many", "different conversations are driven at the same time", async ({ engine }) => {
    const gate = Promise.withResolvers<void>();
    const probe = createProbe(async () => {
      await gate.promise;
      return IDLE;
    });
    await engine.start(probe.drive);
    for (let count = 0; count < ENGINE_LAW_CONCURRENCY; count++) await engine.wake(randomConversationId());
    await eventually("all drives are live", () => probe.liveNow() === ENGINE_LAW_CONCURRENCY);
    gate.resolve();
  }),
  law("L10.not-before", "a wake for later is followed by a drive then, not before", async ({ engine }) => {
    const probe = createProbe();
    await engine.start(probe.drive);
    const id = randomConversationId();
    const moments = [Date.now() + 600, Date.now() + 300];
    for (const moment of moments) await engine.wake(id, { notBefore: moment });
    for (const moment of moments) {
      await eventually("a drive at the moment", () => probe.begunSinceDate(id, moment) > 0);
    }
    ok(probe.begunSinceDate(id, 0) === probe.begunSinceDate(id, Math.min(...moments)), "none came early");
  }),
  law("L10.past", "a wake for a moment that is past is a wake for now", async ({ engine }) => {
    const probe = createProbe();
    await engine.start(probe.drive);
    const id = randomConversationId();
    await engine.wake(id, { notBefore: Date.now() - 1_000 });
    await eventually("a drive", () => probe.count(id) === 1);
  }),
  law("L10.now-and-later", "wakes for now and for later do not swallow each other", async ({ engine }) => {
    const probe = createProbe();
    await engine.start(probe.drive);
    const [first, second] = [randomConversationId(), randomConversationId()];
    const later = Date.now() + 800;
    await engine.wake(first, { notBefore: later });
    await engine.wake(first);
    await engine.wake(second);
    await engine.wake(second, { notBefore: later });
    for (const id of [first, second]) {
      await eventually("a drive", () => probe.count(id) > 0);
      ok(probe.firstBegunAt(id) < later, "the wake for now did not wait for the later one");
    }
    for (const id of [first, second]) {
      await eventually("a drive later", () => probe.begunSinceDate(id, later) > 0);
    }
  }),
  law("L10.waiting", "what waits until a moment is driven again then, not before", async ({ engine }) => {
    let wakeAt = 0;
    const probe = createProbe(async (_task, ordinal) => {
      if (ordinal > 1) return IDLE;
      wakeAt = Date.now() + 300;
      return { state: "waiting", wakeAt };
    });
    await engine.start(probe.drive);
    const id = randomConversationId();
    await engine.wake(id);
    await eventually("a drive at the moment", () => wakeAt > 0 && probe.begunSinceDate(id, wakeAt) > 0);
    equal(probe.count(id), 2);
  }),
  law("L10.waiting-woken", "what waits for a person is driven when it is woken", async ({ engine }) => {
    const probe = createProbe(async () => ({ state: "waiting", wakeAt: undefined }));
    await engine.start(probe.drive);
    const id = randomConversationId();
    await engine.wake(id);
    await eventually("a drive", () => probe.count(id) === 1);
    const woken = performance.now();
    await engine.wake(id);
    await eventually("another drive", () => probe.begunSince(id, woken) > 0);
  }),
  law("L10.more", "a drive that leaves work is followed by another at once", async ({ engine }) => {
    const probe = createProbe(async (_task, ordinal) => (ordinal < 5 ? MORE : IDLE));
    await engine.start(probe.drive);
    const id = randomConversationId();
    await engine.wake(id);
    await eventually("five drives", () => probe.count(id) === 5, PROMPT_MS);
  }),
  law("L10.throws", "a drive that throws is driven again and harms no other", async ({ engine }) => {
    const failing = randomConversationId();
    const probe = createProbe(async ({ id }, ordinal) => {
      if (id === failing && ordinal <= 3) throw new Error(`Failure ${ordinal}, on purpose.`);
      return IDLE;
    });
    await engine.start(probe.drive);
    await engine.wake(failing);
    const others = Array.from({ length: 5 }, randomConversationId);
    for (const id of others) await engine.wake(id);
    for (const id of others) await eventually("a drive of another", () => probe.count(id) > 0, PROMPT_MS);
    await eventually("a drive that does not throw", () => probe.count(failing) === 4);
  }),
  law(
    "L10.throws-woken",
    "a wake does not wait until a failure has been backed off from",
    async (subject) => {
      const { engine } = subject;
      const probe = createProbe(async () => {
        throw new Error("Always, on purpose.");
      });
      await engine.start(probe.drive);
      const id = randomConversationId();
      await engine.wake(id);
      await eventually("the back-off has grown", () => probe.count(id) >= 4);
      const woken = performance.now();
      await engine.wake(id);
      await eventually("a drive after the wake", () => probe.begunSince(id, woken) > 0, PROMPT_MS);
    },
  ),
  law("L11.interrupt", "an interrupt reaches the drive, from wherever it is sent", async (subject) => {
    const heard: string[] = [];
    const gate = Promise.withResolvers<void>();
    const [id, other] = [randomConversationId(), randomConversationId()];
    const probe = createProbe(async (task) => {
      const forget = task.onInterrupt(() => heard.push(`forgotten ${task.id}`));
      task.onInterrupt(() => heard.push(task.id));
      task.onInterrupt(() => heard.push(task.id));
      forget();
      await gate.promise;
      return IDLE;
    });
    const senders = [subject.engine];
    await subject.engine.start(probe.drive);
    if (subject.openBeside) senders.push(await subject.openBeside());
    await subject.engine.wake(id);
    await subject.engine.wake(other);
    await eventually("the drives", () => probe.liveNow() === 2);
    for (const sender of senders) {
      heard.length = 0;
      await sender.interrupt(id);
      await eventually("both listeners are called", () => heard.length === 2, PROMPT_MS);
      deepEqual(heard, [id, id]);
    }
    gate.resolve();
  }),
  law("L11.interrupt-nothing", "an interrupt of what is not driven does nothing", async ({ engine }) => {
    let heard = 0;
    const probe = createProbe(async (task) => {
      task.onInterrupt(() => heard++);
      return passTime();
    });
    const id = randomConversationId();
    await engine.interrupt(id);
    await engine.start(probe.drive);
    await engine.interrupt(id);
    await engine.wake(id);
    await eventually("a drive", () => probe.count(id) === 1 && probe.liveNow() === 0);
    await engine.interrupt(id);
    equal(heard, 0);
  }),
  law("stop.idle", "an engine that drives nothing, or was never started, stops at once", async (subject) => {
    await subject.engine.start(createProbe().drive);
    const engines = [subject.engine];
    if (subject.openBeside) engines.push(await subject.openBeside());
    for (const engine of engines) {
      let stopped = false;
      void engine.stop({ graceMs: 60_000 }).then(() => (stopped = true));
      await eventually("the stop", () => stopped, 5_000);
      await engine.stop({ graceMs: 60_000 });
    }
  }),
  law("stop.draining", "a stop lets drives come to a boundary within the grace", async ({ engine }) => {
    const seen: boolean[] = [];
    const probe = createProbe(async (task) => {
      seen.push(task.draining.aborted, task.signal.aborted);
      await aborted(task.draining);
      await passTime();
      seen.push(task.signal.aborted);
      return MORE;
    });
    await engine.start(probe.drive);
    await engine.wake(randomConversationId());
    await eventually("a drive", () => probe.liveNow() === 1);
    await engine.stop({ graceMs: 60_000 });
    equal(probe.liveNow(), 0);
    deepEqual(seen, [false, false, false]);
  }),
  law(
    "stop.grace",
    "a stop aborts what goes on after the grace, and waits for its end",
    async ({ engine }) => {
      let drainedFor = 0;
      const probe = createProbe(async (task) => {
        await aborted(task.draining);
        const drainingSince = performance.now();
        await aborted(task.signal);
        drainedFor = performance.now() - drainingSince;
        await passTime();
        throw task.signal.reason;
      });
      await engine.start(probe.drive);
      await engine.wake(randomConversationId());
      await eventually("a drive", () => probe.liveNow() === 1);
      await engine.stop({ graceMs: 100 });
      equal(probe.liveNow(), 0);
      ok(drainedFor >= 95, `the grace was given (${drainedFor} ms)`);
    },
  ),
  law("stop.nothing-new", "a stopping engine begins no drive", async ({ engine }) => {
    const gate = Promise.withResolvers<void>();
    const probe = createProbe(async (task) => {
      await aborted(task.draining);
      await gate.promise;
      return IDLE;
    });
    await engine.start(probe.drive);
    const [id, late, later] = [randomConversationId(), randomConversationId(), randomConversationId()];
    await engine.wake(id);
    await eventually("a drive", () => probe.liveNow() === 1);
    const moment = Date.now() + 200;
    await engine.wake(later, { notBefore: moment });
    const stopped = engine.stop({ graceMs: 60_000 });
    // Whether a stopping engine takes the wake for others or refuses it is its own affair.
    await engine.wake(late).catch(() => undefined);
    await engine.wake(id).catch(() => undefined);
    await eventually("the moment has passed", () => Date.now() > moment + 50);
    gate.resolve();
    await stopped;
    deepEqual(probe.driven(), [id]);
  }),
  law("L10.handover", "what a stopped engine leaves is taken up by another", async (subject) => {
    if (!subject.durable || !subject.openBeside) return;
    const [left, waiting] = [randomConversationId(), randomConversationId()];
    const probe = createProbe(async (task) => {
      await aborted(task.draining);
      return MORE;
    });
    await subject.engine.start(probe.drive);
    await subject.engine.wake(left);
    await eventually("a drive", () => probe.liveNow() === 1);
    await subject.engine.wake(waiting, { notBefore: Date.now() + 200 });
    await subject.engine.stop({ graceMs: 60_000 });
    const beside = await subject.openBeside();
    const next = createProbe();
    await beside.start(next.drive);
    await eventually("the rest is driven", () => next.count(left) > 0 && next.count(waiting) > 0);
  }),
];

/** How many conversations the laws want to see driven at the same time. */
export const ENGINE_LAW_CONCURRENCY = 16;

/** What is to happen at once may take this long, in milliseconds, on a busy machine. */
const PROMPT_MS = 2_000;

const IDLE: DriveResult = { state: "idle" };
const MORE: DriveResult = { state: "more" };

function law(id: string, says: string, check: (subject: EngineSubject) => Promise<void>): Law<EngineSubject> {
  return {
    id,
    says,
    async check(open) {
      const subject = await open();
      try {
        await check(subject);
      } finally {
        await subject.close();
      }
    },
  };
}

/** A drive that remembers when it was called, and whether a conversation was ever driven twice at once. */
interface Probe {
  readonly drive: Drive;
  count(id: ConversationId): number;
  /** How many drives began at or after a moment of `performance.now()`. */
  begunSince(id: ConversationId, since: number): number;
  /** How many drives began at or after a moment of `Date.now()`. */
  begunSinceDate(id: ConversationId, since: number): number;
  firstBegunAt(id: ConversationId): number;
  liveNow(): number;
  /** The conversations that were driven, in order. */
  driven(): readonly ConversationId[];
  overlaps(): readonly ConversationId[];
}

function createProbe(behave: (task: DriveTask, ordinal: number) => Promise<DriveResult> = idle): Probe {
  const drives: { readonly id: ConversationId; readonly tick: number; readonly date: number }[] = [];
  const overlaps: ConversationId[] = [];
  const live = new Map<ConversationId, number>();
  const of = (id: ConversationId) => drives.filter((drive) => drive.id === id);
  return {
    async drive(task) {
      const { id } = task;
      drives.push({ id, tick: performance.now(), date: Date.now() });
      const before = live.get(id) ?? 0;
      if (before > 0) overlaps.push(id);
      live.set(id, before + 1);
      try {
        return await behave(task, of(id).length);
      } finally {
        live.set(id, (live.get(id) ?? 0) - 1);
      }
    },
    count: (id) => of(id).length,
    begunSince: (id, since) => of(id).filter((drive) => drive.tick >= since).length,
    begunSinceDate: (id, since) => of(id).filter((drive) => drive.date >= since).length,
    firstBegunAt: (id) => of(id)[0]?.date ?? Number.POSITIVE_INFINITY,
    liveNow: () => [...live.values()].reduce((sum, count) => sum + count, 0),
    driven: () => drives.map((drive) => drive.id),
    overlaps: () => overlaps,
  };
}

async function idle(): Promise<DriveResult> {
  return IDLE;
}

/** Lets other things happen in between, as a real drive does. */
async function passTime(): Promise<DriveResult> {
  await new Promise((resolve) => setTimeout(resolve, 3));
  return IDLE;
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
}
