import { afterEach, describe, expect, test } from "vitest";
import { randomConversationId } from "../../core/index.ts";
import type { RunEngine } from "../../ports/index.ts";
import { eventually } from "../../testing/law.ts";
import { startRedisServer } from "../../../test/support/redis-server.ts";
import type { RedisServer } from "../../../test/support/redis-server.ts";
import { CALL_LIMIT_MS, createBullmqEngine } from "./bullmq-engine.ts";

const opened: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close();
});

describe("without Redis", () => {
  test("a wake is refused as store_unavailable, and a stop does not wait for it", async () => {
    const { engine, errors } = openEngine(1);
    const began = performance.now();
    await expect(engine.wake(randomConversationId())).rejects.toMatchObject({
      code: "store_unavailable",
      retryable: true,
    });
    expect(performance.now() - began).toBeLessThan(CALL_LIMIT_MS + 1_000);
    await engine.interrupt(randomConversationId());
    expect(errors.length).toBeGreaterThan(0);
    const stopping = performance.now();
    await engine.stop({ graceMs: 60_000 });
    expect(performance.now() - stopping).toBeLessThan(1_000);
    await expect(engine.wake(randomConversationId())).rejects.toMatchObject({ code: "shutting_down" });
  });

  test("a start is refused as store_unavailable", async () => {
    const { engine } = openEngine(1);
    const start = engine.start(async () => ({ state: "idle" }));
    await expect(start).rejects.toMatchObject({ code: "store_unavailable" });
    await engine.stop({ graceMs: 0 });
  });

  test("a stop ends while Redis is unreachable in mid-drive", async () => {
    const redis = await open();
    const { engine } = openEngine(redis.port);
    let began = false;
    let ended = false;
    await engine.start(async ({ draining }) => {
      began = true;
      await new Promise((resolve) => draining.addEventListener("abort", resolve, { once: true }));
      ended = true;
      return { state: "more" };
    });
    await engine.wake(randomConversationId());
    await eventually("a drive", () => began);
    await redis.kill("SIGSTOP");
    const stopping = performance.now();
    await engine.stop({ graceMs: 60_000 });
    expect(ended).toBe(true);
    expect(performance.now() - stopping).toBeLessThan(3_000);
  });
});

describe("after an outage", () => {
  test("drives that lost their lock are aborted and begun again, and wakes made meanwhile arrive", async () => {
    const redis = await open();
    const { engine } = openEngine(redis.port);
    const [id, other] = [randomConversationId(), randomConversationId()];
    const told: string[] = [];
    await engine.start(async (task) => {
      const ordinal = told.filter((line) => line === `begun ${task.id}`).length;
      told.push(`begun ${task.id}`);
      if (task.id === other || ordinal > 0) return { state: "idle" };
      await new Promise((resolve) => task.signal.addEventListener("abort", resolve, { once: true }));
      told.push(`aborted ${task.id}`);
      return { state: "idle" };
    });
    await engine.wake(id);
    await eventually("a drive", () => told.includes(`begun ${id}`));
    await redis.kill("SIGSTOP");
    const woken = engine.wake(other).catch(() => undefined);
    await eventually("the drive is aborted", () => told.includes(`aborted ${id}`));
    await redis.kill("SIGCONT");
    await woken;
    await eventually("the drive is begun again", () => told.at(-1) === `begun ${id}` || count(told, id) > 1);
    await eventually("the other is driven", () => count(told, other) > 0);
  });

  test("an engine goes on with a Redis that was restarted", async () => {
    const redis = await open();
    const { engine } = openEngine(redis.port);
    const begun = new Set<string>();
    let interrupted = 0;
    await engine.start(async (task) => {
      begun.add(task.id);
      await new Promise<void>((resolve) => {
        task.onInterrupt(() => {
          interrupted++;
          resolve();
        });
        task.signal.addEventListener("abort", () => resolve(), { once: true });
      });
      return { state: "idle" };
    });
    const [before, after] = [randomConversationId(), randomConversationId()];
    await engine.wake(before);
    await eventually("a drive", () => begun.has(before));
    await redis.restart();
    await eventually("what may have been missed is made up for", () => interrupted > 0);
    await engine.wake(after);
    await eventually("a drive after the restart", () => begun.has(after));
    await engine.interrupt(after);
    await eventually("an interrupt after the restart", () => interrupted > 1);
  });
});

function count(told: readonly string[], id: string): number {
  return told.filter((line) => line === `begun ${id}`).length;
}

function openEngine(port: number): { readonly engine: RunEngine; readonly errors: readonly unknown[] } {
  const errors: unknown[] = [];
  const engine = createBullmqEngine({ connection: { port }, onError: (error) => errors.push(error) });
  opened.push(() => engine.stop({ graceMs: 0 }));
  return { engine, errors };
}

async function open(): Promise<RedisServer> {
  const redis = await startRedisServer();
  opened.push(() => redis.stop());
  return redis;
}
