import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startRedisServer } from "../../../test/support/redis-server.ts";
import type { RedisServer } from "../../../test/support/redis-server.ts";
import { START } from "../../core/index.ts";
import { eventually } from "../../testing/index.ts";
import { begin, collect, openBench, postRun, text, texts } from "./test-run.fixture.ts";

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(async () => {
  await server.stop();
});

describe("followers of the Redis store", () => {
  test("share one connection, however many they are", async () => {
    await using bench = await openBench(server);
    const { store, redis, keyPrefix } = bench;
    const logs = await Promise.all(Array.from({ length: 40 }, () => begin(store)));
    const followers = logs.flatMap(({ id }) => [1, 2, 3].map(() => collect(store, id, 3)));
    await eventually("all channels are heard", async () => {
      const channels = await redis.pubsub("CHANNELS", `${keyPrefix}*`);
      return channels.length === logs.length;
    });
    const clients = String(await redis.client("LIST"));
    expect(clients.match(/name=holdfast-subscriber/g)).toHaveLength(1);
    await Promise.all(logs.map((log) => log.write(text("a"), text("b"))));
    for (const events of await Promise.all(followers)) expect(events).toHaveLength(3);
    await eventually("nothing is subscribed any more", async () => {
      return (await redis.pubsub("CHANNELS", `${keyPrefix}*`)).length === 0;
    });
  });

  test("miss nothing when their connection is cut while entries are written", async () => {
    await using bench = await openBench(server);
    const { store, redis } = bench;
    const log = await begin(store);
    let seen = 0;
    const events = collect(store, log.id, 501, { onEvents: (count) => (seen = count) });
    await eventually("the follower has begun", () => seen > 0);
    for (let batch = 0; batch < 50; batch++) {
      if (batch % 10 === 5) await redis.client("KILL", "TYPE", "PUBSUB");
      await log.write(...texts(10));
    }
    expect((await events).map((event) => event.seq)).toEqual(Array.from({ length: 501 }, (_, seq) => seq));
  });

  test("find what was stored without a word, by comparing with the store", async () => {
    await using bench = await openBench(server);
    const { store, redis, keyPrefix } = bench;
    const log = await begin(store);
    let seen = 0;
    const events = collect(store, log.id, 2, { onEvents: (count) => (seen = count) });
    await eventually("the follower has begun", () => seen === 1);
    const stream = `${keyPrefix}agent-stream:${log.id}`;
    const data = '{"type":"text-delta","v":1,"run":1,"step":1,"id":"t"}';
    const fields = ["text", "unsaid", "sequence", "0", "timestamp", "1", "data", data];
    await redis
      .multi()
      .xadd(stream, "1-1", ...fields)
      .hset(`${keyPrefix}{${stream}}:conversation`, "tip", "1-1 holder 1")
      .exec();
    expect((await events)[1]).toMatchObject({ type: "text-delta", delta: "unsaid" });
  });

  test("are told when another process deletes the conversation", async () => {
    await using bench = await openBench(server);
    const log = await begin(bench.store);
    const beside = await bench.beside();
    let seen = 0;
    const events = collect(beside, log.id, 2, { onEvents: (count) => (seen = count) });
    await eventually("the follower has begun", () => seen === 1);
    const refusal = expect(events).rejects.toMatchObject({ code: "conversation_not_found" });
    await bench.store.delete(log.id);
    await refusal;
  });

  test("hear a conversation again that they have just let go of", async () => {
    await using bench = await openBench(server);
    const log = await begin(bench.store);
    for (let round = 0; round < 20; round++) {
      await collect(bench.store, log.id, 1);
      const events = collect(bench.store, log.id, round + 2);
      await log.write(text("again"));
      expect(await events).toHaveLength(round + 2);
    }
  });

  test("hear nothing of another database", async () => {
    await using bench = await openBench(server);
    const { url } = server;
    const elsewhere = await bench.beside({ connection: `${url}/1` });
    const id = await postRun(bench.store);
    await postRun(elsewhere, id);
    const here = await begin(bench.store, id);
    const events = collect(bench.store, id, 2);
    const there = await begin(elsewhere, id);
    await there.write(text("there"));
    await here.write(text("here"));
    expect((await events)[1]).toMatchObject({ delta: "here" });
    expect(await collect(elsewhere, id, 2)).toMatchObject([{}, { delta: "there" }]);
  });

  test("pass over what somebody else publishes", async () => {
    await using bench = await openBench(server);
    const log = await begin(bench.store);
    let seen = 0;
    const events = collect(bench.store, log.id, 2, { onEvents: (count) => (seen = count) });
    await eventually("the follower has begun", () => seen === 1);
    const channel = `${bench.keyPrefix}agent-stream:${log.id}`;
    for (const noise of ["not JSON", "{}", "[1]", '[{"v":2}]']) await bench.redis.publish(channel, noise);
    await log.write(text("signal"));
    expect((await events)[1]).toMatchObject({ delta: "signal" });
  });

  test("end when the store is closed", async () => {
    await using bench = await openBench(server);
    const log = await begin(bench.store);
    const following = bench.store.follow(log.id, START, { signal: new AbortController().signal });
    const iterator = following[Symbol.asyncIterator]();
    await iterator.next();
    const next = expect(iterator.next()).rejects.toMatchObject({ code: "shutting_down" });
    await Promise.all([bench.store.close(), bench.store.close()]);
    await next;
  });
});
