import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { randomConversationId } from "../../core/index.ts";
import type { ConversationId } from "../../core/index.ts";
import { ENGINE_LAWS } from "../../testing/engine-laws.ts";
import { eventually } from "../../testing/law.ts";
import type { RunEngine } from "../../ports/index.ts";
import { startRedisServer } from "../../../test/support/redis-server.ts";
import type { RedisServer } from "../../../test/support/redis-server.ts";
import { createBullmqEngine } from "./bullmq-engine.ts";

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedisServer();
});
afterAll(() => redis.stop());

describe("the BullMQ engine keeps the law", () => {
  test.for(ENGINE_LAWS)("$id: $says", async (law) => {
    await law.check(async () => {
      const prefix = `{${crypto.randomUUID()}}`;
      const engines: RunEngine[] = [];
      const open = (): RunEngine => {
        const engine = createBullmqEngine({
          connection: { port: redis.port },
          prefix,
          onError: () => undefined,
        });
        engines.push(engine);
        return engine;
      };
      return {
        engine: open(),
        openBeside: async () => open(),
        durable: true,
        async close() {
          await Promise.all(engines.map((engine) => engine.stop({ graceMs: 0 })));
        },
      };
    });
  });
});

describe("the BullMQ engine", () => {
  test("drives 200 conversations, woken 10 times each, on 3 workers without overlap or loss", async () => {
    const prefix = `{${crypto.randomUUID()}}`;
    const engines = Array.from({ length: 3 }, () =>
      createBullmqEngine({ connection: { port: redis.port }, prefix, concurrency: 20 }),
    );
    const live = new Set<ConversationId>();
    const lastBegun = new Map<ConversationId, number>();
    const overlaps: ConversationId[] = [];
    let most = 0;
    for (const engine of engines) {
      await engine.start(async ({ id }) => {
        if (live.has(id)) overlaps.push(id);
        live.add(id);
        most = Math.max(most, live.size);
        lastBegun.set(id, performance.now());
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 10));
        live.delete(id);
        return { state: "idle" };
      });
    }
    const ids = Array.from({ length: 200 }, randomConversationId);
    const lastWoken = new Map<ConversationId, number>();
    const wakes = ids.flatMap((id) => Array.from({ length: 10 }, (_, index) => ({ id, index })));
    await Promise.all(
      wakes.map(async ({ id, index }) => {
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 100));
        lastWoken.set(id, performance.now());
        await engines[index % engines.length]?.wake(id);
      }),
    );
    for (const [id, woken] of lastWoken) {
      await eventually("a drive after the last wake", () => (lastBegun.get(id) ?? 0) >= woken);
    }
    expect(overlaps).toEqual([]);
    expect(most).toBeLessThanOrEqual(60);
    await Promise.all(engines.map((engine) => engine.stop({ graceMs: 10_000 })));
  });

  test("leaves nothing in Redis but its own bookkeeping when all is done", async () => {
    const prefix = `{${crypto.randomUUID()}}`;
    const engine = createBullmqEngine({ connection: { port: redis.port }, prefix });
    let drives = 0;
    await engine.start(async () => {
      drives++;
      return drives < 3 ? { state: "more" } : { state: "idle" };
    });
    await engine.wake(randomConversationId());
    await engine.wake(randomConversationId(), { notBefore: Date.now() + 50 });
    await eventually("the drives", () => drives >= 4);
    await engine.stop({ graceMs: 10_000 });
    const client = new Redis({ port: redis.port });
    const keys = (await client.keys(`${prefix}:*`)).map((key) => key.slice(prefix.length));
    client.disconnect();
    expect(keys.filter((key) => !/:(id|meta|events|marker|stalled-check|stalled)$/.test(key))).toEqual([]);
  });
});
