import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort, startRedisServer } from "../../../test/support/redis-server.ts";
import type { RedisServer } from "../../../test/support/redis-server.ts";
import { cursorAt, NO_USAGE, randomConversationId } from "../../core/index.ts";
import { eventually } from "../../testing/index.ts";
import { RedisStreamResponseHandler } from "./stream-response-handler.ts";
import type { StreamChunk } from "./stream-chunks.ts";
import { begin, openBench, postRun, runStart, text, texts } from "./test-run.fixture.ts";
import type { Bench } from "./test-run.fixture.ts";

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(async () => {
  await server.stop();
});

const EXPIRED = "Stream not found or has expired.";

async function all(chunks: AsyncIterable<StreamChunk>, seen: StreamChunk[] = []): Promise<StreamChunk[]> {
  for await (const chunk of chunks) seen.push(chunk);
  return seen;
}

function handlerOf({ keyPrefix }: Bench): RedisStreamResponseHandler {
  return new RedisStreamResponseHandler({ redis: server.url, keyPrefix });
}

function textIn(chunks: readonly StreamChunk[]): string {
  return chunks.map((chunk) => chunk.text ?? "").join("");
}

/** Writes as the samples' Python writer does. */
async function writeAsTheSamplesDo(redis: Redis, id: string, chunks: readonly string[]): Promise<void> {
  const key = `agent-stream:${id}`;
  for (const [sequence, chunk] of chunks.entries()) {
    await redis.xadd(key, "*", "text", chunk, "sequence", sequence, "timestamp", Date.now());
    await redis.expire(key, 600);
  }
}

describe("reading a stream of Holdfast straight from Redis", () => {
  test("gives the text as it comes and the end, and nothing else", async () => {
    await using bench = await openBench(server);
    const log = await begin(bench.store);
    await log.write(runStart(), text("Hello", 0));
    const seen: StreamChunk[] = [];
    const reading = all(handlerOf(bench).readStream(log.id), seen);
    await eventually("what is stored is read", () => seen.length === 1);
    await log.write({ type: "text-end", step: 1, id: "t" }, text(", world", 1));
    await log.end();
    expect(await reading).toEqual([
      { entryId: "1-2", text: "Hello", isDone: false, error: null },
      { entryId: "1-4", text: ", world", isDone: false, error: null },
      { entryId: "1-5", text: null, isDone: true, error: null },
    ]);
  });

  test("resumes after any chunk, and says at the end that there is nothing more", async () => {
    await using bench = await openBench(server);
    const log = await begin(bench.store);
    await log.write(runStart(), ...texts(250));
    await log.end();
    const handler = handlerOf(bench);
    const chunks = await all(handler.readStream(`@dafx-testagent@${log.id}`));
    expect(chunks).toHaveLength(251);
    for (const at of [0, 99, 100, 249]) {
      expect(await all(handler.readStream(log.id, chunks[at]?.entryId))).toEqual(chunks.slice(at + 1));
    }
    const end = chunks.at(-1)?.entryId ?? "";
    expect(await all(handler.readStream(log.id, end))).toEqual([
      { entryId: end, text: null, isDone: true, error: null },
    ]);
  });

  test("gives the error of a run that failed", async () => {
    await using bench = await openBench(server);
    const log = await begin(bench.store);
    await log.write(runStart(), text("half"));
    await log.end({ type: "run-failed", code: "model_failed", message: "It broke.", usage: NO_USAGE });
    const chunks = await all(handlerOf(bench).readStream(log.id));
    expect(chunks.at(-1)).toEqual({ entryId: "1-3", text: null, isDone: false, error: "It broke." });
  });

  test("leaves out what a restarted step withdrew", async () => {
    await using bench = await openBench(server);
    const { store } = bench;
    const first = await begin(store);
    await first.write(runStart(), { type: "step-start", step: 1, kind: "model" }, ...texts(300));
    const second = await begin(store, first.id);
    await second.write(
      { type: "step-reset", step: 1, from: cursorAt(1, 2), reason: "interrupted" },
      text("once", 0),
    );
    await second.end();
    expect(textIn(await all(handlerOf(bench).readStream(first.id)))).toBe("once");
  });

  test("waits for a run that was accepted and has not begun", async () => {
    await using bench = await openBench(server);
    const { store, redis } = bench;
    const id = await postRun(store);
    const reading = all(handlerOf(bench).readStream(id));
    await eventually("the reader waits", async () =>
      String(await redis.client("LIST")).includes("cmd=xread"),
    );
    const log = await begin(store, id);
    await log.write(text("late"));
    await log.end();
    expect(textIn(await reading)).toBe("late");
  });

  test("tells of a missing or expired stream at once", async () => {
    await using bench = await openBench(server, { streamTtlMs: 1 });
    const handler = handlerOf(bench);
    expect(await all(handler.readStream("nobody"))).toEqual([
      { entryId: "0-0", text: null, isDone: false, error: EXPIRED },
    ]);
    const log = await begin(bench.store);
    await log.end();
    await eventually("it has expired", async () => (await bench.store.conversation(log.id))?.base === "1-1");
    expect(await all(handler.readStream(log.id, "1-0"))).toEqual([
      { entryId: "1-0", text: null, isDone: false, error: EXPIRED },
    ]);
    await begin(bench.store, await postRun(bench.store, log.id));
    expect(await all(handler.readStream(log.id, "1-0"))).toMatchObject([{ error: EXPIRED }]);
    expect(await all(handler.readStream(log.id, "7-0"))).toMatchObject([
      { error: "The cursor is beyond the end of the stream." },
    ]);
  });

  test("serves ten at once, each on a connection that is gone afterwards", async () => {
    await using bench = await openBench(server);
    const { store, redis } = bench;
    const logs = await Promise.all(Array.from({ length: 10 }, () => begin(store)));
    const handler = handlerOf(bench);
    const readings = logs.map(({ id }) => all(handler.readStream(id)));
    await Promise.all(
      logs.map(async (log, index) => {
        for (let chunk = 0; chunk < 5; chunk++) await log.write(text(`${index}.${chunk} `, chunk));
        await log.end();
      }),
    );
    for (const [index, chunks] of (await Promise.all(readings)).entries()) {
      expect(textIn(chunks)).toBe([0, 1, 2, 3, 4].map((chunk) => `${index}.${chunk} `).join(""));
    }
    await eventually("all connections are gone", async () => {
      return !String(await redis.client("LIST")).includes("holdfast-reader");
    });
  });
});

describe("reading a stream of the samples' own writer", () => {
  test("gives its text, pushed, and its end, with a client that exists already", async () => {
    const redis = new Redis(server.port, "127.0.0.1");
    try {
      const id = randomConversationId();
      await writeAsTheSamplesDo(redis, id, ["Here's a plan", " for you"]);
      const handler = new RedisStreamResponseHandler({ redis });
      const seen: StreamChunk[] = [];
      const reading = all(handler.readStream(id), seen);
      await eventually("what is stored is read", () => seen.length === 2);
      await redis.xadd(`agent-stream:${id}`, "*", "text", "", "sequence", 2, "timestamp", 1, "done", "true");
      const chunks = await reading;
      expect(textIn(chunks)).toBe("Here's a plan for you");
      expect(chunks.at(-1)?.isDone).toBe(true);
      expect(chunks[0]?.entryId).toMatch(/^\d{13}-\d+$/);
      expect(await all(handler.readStream(id, chunks[0]?.entryId))).toEqual(chunks.slice(1));
    } finally {
      redis.disconnect();
    }
  });

  test("finds it under the whole durable-entity form, as the .NET sample names it", async () => {
    const redis = new Redis(server.port, "127.0.0.1");
    try {
      const id = `@dafx-travelplanner@${randomConversationId()}`;
      await writeAsTheSamplesDo(redis, id, ["Tokyo"]);
      await redis.xadd(`agent-stream:${id}`, "*", "text", "", "done", "true");
      const chunks = await all(new RedisStreamResponseHandler({ redis }).readStream(id));
      expect(chunks).toMatchObject([{ text: "Tokyo" }, { isDone: true }]);
    } finally {
      redis.disconnect();
    }
  });

  test("gives its error", async () => {
    const redis = new Redis(server.port, "127.0.0.1");
    try {
      const id = randomConversationId();
      await redis.xadd(`agent-stream:${id}`, "*", "error", "no quota", "sequence", 0, "timestamp", 1);
      const chunks = await all(new RedisStreamResponseHandler({ redis }).readStream(id));
      expect(chunks).toMatchObject([{ text: null, isDone: false, error: "no quota" }]);
    } finally {
      redis.disconnect();
    }
  });

  test("ends when it expires while more is waited for", async () => {
    const redis = new Redis(server.port, "127.0.0.1");
    try {
      const id = randomConversationId();
      await writeAsTheSamplesDo(redis, id, ["cut off"]);
      await redis.pexpire(`agent-stream:${id}`, 200);
      const started = Date.now();
      const chunks = await all(new RedisStreamResponseHandler({ redis: server.url }).readStream(id));
      expect(chunks).toMatchObject([{ text: "cut off" }, { error: EXPIRED }]);
      expect(Date.now() - started).toBeLessThan(2_000);
    } finally {
      redis.disconnect();
    }
  });
});

describe("a reading straight from Redis", () => {
  test("ends without a word when its signal says so", async () => {
    await using bench = await openBench(server);
    const log = await begin(bench.store);
    await log.write(text("a"));
    const abort = new AbortController();
    const seen: StreamChunk[] = [];
    const reading = all(handlerOf(bench).readStream(log.id, null, { signal: abort.signal }), seen);
    await eventually("it has begun", () => seen.length === 1);
    abort.abort();
    expect(await reading).toHaveLength(1);
  });

  test("ends with an error when there is no Redis", async () => {
    const port = await freePort();
    const handler = new RedisStreamResponseHandler({ redis: `redis://:hunter2@127.0.0.1:${port}` });
    const chunks = await all(handler.readStream("any", "1-2"));
    expect(chunks).toMatchObject([
      { entryId: "1-2", isDone: false, error: expect.stringContaining(`127.0.0.1:${port}`) },
    ]);
    expect(JSON.stringify(chunks)).not.toContain("hunter2");
  });

  test("refuses what can be neither id nor cursor", async () => {
    const handler = new RedisStreamResponseHandler({ redis: server.url });
    await expect(all(handler.readStream("no spaces"))).rejects.toMatchObject({ code: "invalid_id" });
    await expect(all(handler.readStream("a", "$"))).rejects.toMatchObject({ code: "invalid_cursor" });
  });
});
