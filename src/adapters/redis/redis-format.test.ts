import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startRedisServer } from "../../../test/support/redis-server.ts";
import type { RedisServer } from "../../../test/support/redis-server.ts";
import { NO_USAGE, randomConversationId } from "../../core/index.ts";
import { recordOf } from "./redis-entry.ts";
import { begin, openBench, postRun, runStart, text } from "./test-run.fixture.ts";

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(async () => {
  await server.stop();
});

describe("a stream in Redis", () => {
  test("answers the commands of the samples", async () => {
    await using bench = await openBench(server, { keyPrefix: "", streamTtlMs: 600_000 });
    const { redis, store } = bench;
    const log = await begin(store, await postRun(store, randomConversationId()));
    const key = `agent-stream:${log.id}`;
    await log.write(runStart(), text("Here's a wonderful 3-day Tokyo itinerary...", 0));
    await log.write(text("Day 1: Arrival and Shibuya...", 1));
    expect(await redis.ttl(key)).toBe(-1);
    await log.end();

    expect(await redis.xlen(key)).toBe(5);
    const entries = await redis.xrange(key, "-", "+");
    expect(entries.map(([id]) => id)).toEqual(["1-0", "1-1", "1-2", "1-3", "1-4"]);
    expect(await redis.xread("STREAMS", key, "0-0")).toEqual([[key, entries]]);
    expect(entries[2]?.[1].slice(0, 6)).toEqual([
      "text",
      "Here's a wonderful 3-day Tokyo itinerary...",
      "sequence",
      "0",
      "timestamp",
      "1700000000002",
    ]);
    const ttl = await redis.ttl(key);
    expect(ttl).toBeGreaterThan(590);
    expect(ttl).toBeLessThanOrEqual(600);
  });

  test("has exactly the samples' fields and ours beside them", async () => {
    await using bench = await openBench(server);
    const log = await begin(bench.store);
    await log.write(runStart(), { type: "step-start", step: 1, kind: "model" }, text("a", 0), text("b", 1));
    await log.end();
    const entries = await bench.redis.xrange(`${bench.keyPrefix}agent-stream:${log.id}`, "-", "+");
    expect(entries.map(([, list]) => recordOf(list))).toEqual([
      {
        timestamp: expect.stringMatching(/^\d{13}$/),
        data: '{"type":"attempt-start","v":1,"run":1,"worker":"worker","follows":"0-0"}',
      },
      {
        timestamp: "1700000000001",
        data: '{"type":"run-start","v":1,"run":1,"id":"one","agent":"TestAgent","input":"Question","acceptedAt":1,"options":{}}',
      },
      {
        timestamp: "1700000000002",
        data: '{"type":"step-start","v":1,"run":1,"step":1,"kind":"model"}',
      },
      {
        text: "a",
        sequence: "0",
        timestamp: "1700000000003",
        data: '{"type":"text-delta","v":1,"run":1,"step":1,"id":"t"}',
      },
      {
        text: "b",
        sequence: "1",
        timestamp: "1700000000004",
        data: '{"type":"text-delta","v":1,"run":1,"step":1,"id":"t"}',
      },
      {
        text: "",
        sequence: "2",
        timestamp: "1700000000005",
        done: "true",
        data: '{"type":"run-completed","v":1,"run":1,"usage":{"inputTokens":0,"outputTokens":0}}',
      },
    ]);
  });

  test("numbers a run's end after its newest text, however far back, over attempts and not over runs", async () => {
    await using bench = await openBench(server);
    const { store, redis, keyPrefix } = bench;
    const first = await begin(store);
    await first.write(runStart(), text("a", 0), text("b", 1));
    const second = await begin(store, first.id);
    const silent = { type: "data", step: 1, name: "n", value: 1 } as const;
    await second.write(...Array.from({ length: 70 }, () => silent));
    await second.end();
    await postRun(store, first.id);
    const third = await begin(store, first.id);
    await third.write(runStart(), ...Array.from({ length: 40 }, () => silent));
    await third.end();
    const entries = await redis.xrange(`${keyPrefix}agent-stream:${first.id}`, "-", "+");
    const ends = entries.map(([, list]) => recordOf(list)).filter((fields) => fields["done"] === "true");
    expect(ends.map((fields) => fields["sequence"])).toEqual(["2", "0"]);
  });

  test("ends with an error that either of the samples' readers comes to an end on", async () => {
    await using bench = await openBench(server);
    const log = await begin(bench.store);
    await log.end({ type: "run-failed", code: "model_failed", message: "It broke.", usage: NO_USAGE });
    const [entry] = await bench.redis.xrevrange(
      `${bench.keyPrefix}agent-stream:${log.id}`,
      "+",
      "-",
      "COUNT",
      1,
    );
    const fields = recordOf(entry?.[1] ?? []);
    expect(fields).toMatchObject({ text: "", sequence: "0", done: "true", error: "It broke." });
    const python = fields["error"] ? "error" : fields["done"] === "true" ? "done" : "text";
    const dotnet = fields["done"] === "true" ? "done" : "text";
    expect([python, dotnet]).toEqual(["error", "done"]);
  });

  test.each([
    { type: "run-cancelled", usage: NO_USAGE } as const,
    { type: "run-incomplete", reason: "max_steps", usage: NO_USAGE } as const,
  ])("ends without an error for $type", async (end) => {
    await using bench = await openBench(server);
    const log = await begin(bench.store);
    await log.end(end);
    const entries = await bench.redis.xrange(`${bench.keyPrefix}agent-stream:${log.id}`, "-", "+");
    const fields = recordOf(entries.at(-1)?.[1] ?? []);
    expect(fields["done"]).toBe("true");
    expect(fields).not.toHaveProperty("error");
  });

  test("keeps everything without a limit of time while a run waits, and all together after its end", async () => {
    await using bench = await openBench(server, { streamTtlMs: 50_000, historyTtlMs: 90_000 });
    const { store, redis, keyPrefix } = bench;
    const log = await begin(store);
    const stream = `${keyPrefix}agent-stream:${log.id}`;
    const companions = (await redis.keys(`${keyPrefix}{*`)).toSorted();
    const names = ["conversation", "inbox"];
    expect(companions).toEqual(names.map((name) => `${keyPrefix}{${stream}}:${name}`));
    await log.end();
    expect(await redis.pttl(stream)).toBeGreaterThan(40_000);
    expect(await redis.pttl(`${keyPrefix}{${stream}}:conversation`)).toBeGreaterThan(80_000);
    expect(await redis.pttl(`${keyPrefix}{${stream}}:history`)).toBeGreaterThan(80_000);
    await postRun(store, log.id);
    const keys = await redis.keys(`${keyPrefix}*agent-stream:*`);
    expect(keys).toHaveLength(4);
    for (const key of keys) expect(await redis.pttl(key)).toBe(-1);
  });
});
