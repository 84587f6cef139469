import { afterEach, describe, expect, test, vi } from "vitest";
import { randomConversationId } from "../../core/index.ts";
import type { ConversationId } from "../../core/index.ts";
import { ENGINE_LAWS } from "../../testing/engine-laws.ts";
import { eventually } from "../../testing/law.ts";
import { createLocalEngine } from "./local-engine.ts";

/** The laws that speak of wakes that outlive the engine, which this one does not promise. */
const NOT_PROMISED: Readonly<Record<string, string>> = {
  "L10.handover": "wakes of the local engine end with it; the runtime's sweep at start finds what is left",
};

describe("the local engine keeps the law", () => {
  test.for(ENGINE_LAWS)("$id: $says", async (law, { skip }) => {
    const reason = NOT_PROMISED[law.id];
    if (reason !== undefined) skip(reason);
    await law.check(async () => {
      const engine = createLocalEngine({ onError: () => undefined });
      return { engine, durable: false, close: () => engine.stop({ graceMs: 0 }) };
    });
  });
});

describe("the local engine", () => {
  afterEach(() => void vi.useRealTimers());

  test("drives no more at once than its concurrency, in the order woken", async () => {
    const engine = createLocalEngine({ concurrency: 2 });
    const begun: ConversationId[] = [];
    const ends: (() => void)[] = [];
    await engine.start(async ({ id }) => {
      begun.push(id);
      await new Promise<void>((resolve) => ends.push(resolve));
      return { state: "idle" };
    });
    const ids = Array.from({ length: 5 }, randomConversationId);
    for (const id of ids) await engine.wake(id);
    for (let ended = 0; ended < ids.length; ended++) {
      await eventually("the next drive", () => begun.length === Math.min(ids.length, ended + 2));
      ends[ended]?.();
    }
    expect(begun).toEqual(ids);
    await engine.stop({ graceMs: 0 });
  });

  test("waits for moments that are further away than a timeout can be", async () => {
    vi.useFakeTimers();
    const engine = createLocalEngine();
    let drives = 0;
    await engine.start(async () => {
      drives++;
      return { state: "idle" };
    });
    const days = 86_400_000;
    await engine.wake(randomConversationId(), { notBefore: Date.now() + 60 * days });
    await vi.advanceTimersByTimeAsync(60 * days - 1);
    expect(drives).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(drives).toBe(1);
    await engine.wake(randomConversationId(), { notBefore: Date.now() + 60 * days });
    await engine.stop({ graceMs: 0 });
    expect(vi.getTimerCount()).toBe(0);
  });

  test("tells of a drive that throws, with its conversation", async () => {
    const told: unknown[] = [];
    const engine = createLocalEngine({ onError: (error, id) => told.push([id, error]) });
    const failure = new Error("on purpose");
    await engine.start(async () => {
      throw failure;
    });
    const id = randomConversationId();
    await engine.wake(id);
    await eventually("the error", () => told.length > 0);
    expect(told[0]).toEqual([id, failure]);
    await engine.stop({ graceMs: 0 });
  });

  test("leaves behind a drive that does not end when it is aborted, and says which", async () => {
    vi.useFakeTimers();
    const told: unknown[] = [];
    const engine = createLocalEngine({ onError: (_error, id) => told.push(id) });
    await engine.start(() => new Promise(() => undefined));
    const id = randomConversationId();
    await engine.wake(id);
    const stopped = engine.stop({ graceMs: 1_000 });
    await vi.runAllTimersAsync();
    await stopped;
    expect(told).toEqual([id]);
  });

  test("refuses wakes after the stop, a second start, and options that make no sense", async () => {
    const engine = createLocalEngine();
    await engine.start(async () => ({ state: "idle" }));
    await expect(engine.start(async () => ({ state: "idle" }))).rejects.toThrow(TypeError);
    await expect(engine.wake(randomConversationId(), { notBefore: Number.NaN })).rejects.toThrow(TypeError);
    await engine.stop({ graceMs: 0 });
    await expect(engine.wake(randomConversationId())).rejects.toMatchObject({ code: "shutting_down" });
    expect(() => createLocalEngine({ concurrency: 0 })).toThrow(TypeError);
  });
});
