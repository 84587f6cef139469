import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startRedisServer } from "../../../test/support/redis-server.ts";
import type { RedisServer } from "../../../test/support/redis-server.ts";
import { cursorAt, cursorOf, NO_USAGE, randomConversationId, START } from "../../core/index.ts";
import type { EventBody, LogEvent } from "../../core/index.ts";
import { eventually } from "../../testing/index.ts";
import { placeOf, publishedEntries } from "./published-entries.ts";
import { begin, collect, openBench, postRun, request, runStart, text, texts } from "./test-run.fixture.ts";
import type { Bench, TestLog } from "./test-run.fixture.ts";

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(async () => {
  await server.stop();
});

/** What is published about a conversation, as its followers hear it. */
async function hear(bench: Bench, channel: string): Promise<readonly string[]> {
  const heard: string[] = [];
  const subscriber = bench.redis.duplicate();
  subscriber.on("message", (_channel, message) => heard.push(message));
  await subscriber.subscribe(channel);
  bench.redis.once("end", () => subscriber.disconnect());
  return heard;
}

/** Where a conversation is published: in the first database, its stream. */
function channelOf({ keyPrefix }: Bench, { id }: TestLog): string {
  return `${keyPrefix}agent-stream:${id}`;
}

function entriesOf(message: string): readonly LogEvent[] | undefined {
  const bytes = Buffer.from(message);
  const place = placeOf(bytes);
  return place && publishedEntries(bytes, place);
}

describe("an append in Redis", () => {
  test("publishes a batch once, and nothing that was refused", async () => {
    await using bench = await openBench(server);
    const { store, redis, keyPrefix } = bench;
    const id = await postRun(store);
    const channel = `${keyPrefix}agent-stream:${id}`;
    const heard = await hear(bench, channel);
    const stale = await begin(store, id);
    const log = await begin(store, id);
    const written = await log.write(runStart(), text("a"), text("b"));
    await log.append(written);
    await expect(stale.write(text("stale"))).rejects.toMatchObject({ code: "fenced" });
    log.place(text("lost"));
    await expect(log.write(text("after a hole"))).rejects.toMatchObject({ code: "log_gap" });
    await redis.publish(channel, "over");
    await eventually("all is heard", () => heard.at(-1) === "over");
    const [first = "", second = "", third = ""] = heard;
    expect(heard).toHaveLength(4);
    expect([first, second].map((message) => JSON.parse(message) as unknown)).toEqual([
      [expect.objectContaining({ type: "attempt-start", attempt: 1 })],
      [expect.objectContaining({ type: "attempt-start", attempt: 2, follows: "1-0" })],
    ]);
    expect(entriesOf(third)).toEqual(written);
  });

  test("of a worker that was fenced leaves the holder in the same process what is known of it", async () => {
    await using bench = await openBench(server);
    const { store } = bench;
    const id = await postRun(store);
    const stale = await begin(store, id);
    const log = await begin(store, id);
    await log.write(runStart());
    await expect(stale.write(text("stale"))).rejects.toMatchObject({ code: "fenced" });
    let isTaken = false;
    await new Promise<void>((appended, refused) => {
      const listener = { taken: () => (isTaken = true), appended, refused };
      store.append(id, log.place(text("a")), undefined, listener)?.then(appended, refused);
    });
    expect(isTaken).toBe(true);
  });

  test("publishes entries as they are, whatever they say, one by one and together", async () => {
    await using bench = await openBench(server);
    const { store, redis, keyPrefix } = bench;
    const log = await begin(store);
    const channel = `${keyPrefix}agent-stream:${log.id}`;
    const heard = await hear(bench, channel);
    const bodies: readonly EventBody[] = [
      runStart(),
      text("日本 1 2 3\n4 5\n", 0),
      text("\u0000\n", 1),
      { type: "data", step: 1, name: "n\n1", value: { "0 0": ["\n", null] } },
      { type: "text-delta", step: 1, id: "t", delta: "", sequence: 2, separator: true },
      { type: "step-reset", step: 1, from: cursorAt(1, 2), reason: "retry" },
      { type: "run-failed", code: "model_failed", message: "It\nbroke: 壊れた.", usage: NO_USAGE },
    ];
    const single: LogEvent[] = [];
    for (const body of bodies.slice(0, -1)) single.push(...(await log.write(body)));
    const together = await log.write(...bodies);
    await redis.publish(channel, "over");
    await eventually("all is heard", () => heard.at(-1) === "over");
    expect(heard.slice(0, -1).map(entriesOf)).toEqual([...single.map((event) => [event]), together]);
    expect((await store.read(log.id, cursorAt(1, 0), 100)).map((event) => ({ ...event }))).toEqual([
      ...single,
      ...together,
    ]);
  });

  test("is refused, and makes nothing, when the stream vanished under its run", async () => {
    await using bench = await openBench(server);
    const { store, redis, keyPrefix } = bench;
    const log = await begin(store);
    await log.write(runStart(), ...texts(5));
    await redis.del(`${keyPrefix}agent-stream:${log.id}`);
    await expect(log.write(text("late"))).rejects.toMatchObject({ code: "fenced" });
    expect(await redis.exists(`${keyPrefix}agent-stream:${log.id}`)).toBe(0);

    const next = await store.acquire(log.id, { worker: "next", run: 1 });
    expect(next).toMatchObject({ attempt: 2, seq: 0, follows: "1-6" });
    expect((await store.conversation(log.id))?.base).toBe("1-6");
    await expect(store.read(log.id, cursorAt(1, 3), 10)).rejects.toMatchObject({ code: "stream_expired" });
    expect((await store.read(log.id, START, 10)).map(cursorOf)).toEqual(["2-0"]);
  });

  test("is refused when a companion key is somebody else's, before a half of it is written", async () => {
    await using bench = await openBench(server);
    const { store, redis, keyPrefix } = bench;
    const log = await begin(store);
    const stream = `${keyPrefix}agent-stream:${log.id}`;
    await redis.set(`${keyPrefix}{${stream}}:history`, "mine");
    await expect(log.end()).rejects.toMatchObject({
      code: "internal_error",
      message: expect.stringContaining("did not write"),
    });
    expect(await redis.xlen(stream)).toBe(1);
    expect((await store.conversation(log.id))?.inbox).toHaveLength(1);
  });

  test("is refused to the holder of a deleted conversation, even when its number comes again", async () => {
    await using bench = await openBench(server);
    const { store } = bench;
    const zombie = await begin(store);
    const beside = await bench.beside();
    await beside.delete(zombie.id);
    const holder = await begin(beside, await postRun(beside, zombie.id));
    expect(holder.attempt).toBe(zombie.attempt);
    await expect(zombie.write(text("from the grave"))).rejects.toMatchObject({ code: "fenced" });
    await holder.write(text("alive"));
    expect(await store.read(holder.id, cursorAt(1, 0), 10)).toMatchObject([{ delta: "alive" }]);
  });

  test("goes on from another process, which does not know the holder", async () => {
    await using bench = await openBench(server);
    const log = await begin(bench.store);
    const beside = await bench.beside();
    await beside.append(log.id, log.place(text("carried over")));
    expect((await bench.store.conversation(log.id))?.tip).toBe("1-1");
  });

  test("takes a batch of the largest size with long texts", async () => {
    await using bench = await openBench(server);
    const log = await begin(bench.store);
    const long = "長い".repeat(2_000);
    await log.write(...Array.from({ length: 256 }, (_, index) => text(long, index)));
    const events = await bench.store.read(log.id, START, 1_000);
    expect(events).toHaveLength(257);
    expect(events.at(-1)).toMatchObject({ delta: long, sequence: 255 });
  });

  test("changes nothing when the end of a run is repeated, and goes on after a lost answer", async () => {
    await using bench = await openBench(server);
    const { store, redis, keyPrefix } = bench;
    const log = await begin(store);
    const batch = log.place(text("a"));
    // As a process would that never got the answer: what it remembers of the tip is old.
    const beside = await bench.beside();
    await beside.append(log.id, batch);
    await log.append(batch);
    await log.write(text("b"));
    const end = await log.end();
    await log.append([end]);
    await expect(log.write(text("late"))).rejects.toMatchObject({ code: "fenced" });
    expect(await redis.xlen(`${keyPrefix}agent-stream:${log.id}`)).toBe(4);
    expect(await store.conversation(log.id)).toMatchObject({ tip: "1-3", settled: "1-3" });
  });

  test("that repeats what another process stored for its attempt is done at once, and not sent again", async () => {
    await using bench = await openBench(server);
    const { store, redis } = bench;
    const log = await begin(store);
    const beside = await bench.beside();
    const events = log.place(...texts(3));
    await beside.append(log.id, events.slice(0, 2));
    await redis.config("RESETSTAT");
    await store.append(log.id, events);
    const calls = /cmdstat_evalsha:calls=(\d+)/.exec(await redis.info("commandstats"))?.[1];
    expect(calls).toBe("1");
    expect((await store.read(log.id, cursorAt(1, 0), 10)).slice()).toEqual(events);
  });

  test("works after Redis has forgotten the scripts", async () => {
    await using bench = await openBench(server);
    const { store, redis } = bench;
    const log = await begin(store);
    const following = collect(store, log.id, 4);
    await eventually(
      "it is followed",
      async () => (await redis.pubsub("NUMSUB", channelOf(bench, log)))[1] === 1,
    );
    await log.write(text("a"));
    await redis.script("FLUSH");
    await log.write(text("b"));
    await log.write(text("c"));
    expect((await store.conversation(log.id))?.tip).toBe("1-3");
    expect((await following).map(cursorOf)).toEqual(["1-0", "1-1", "1-2", "1-3"]);
  });

  test("says where the log ends in the same words, whatever was appended and how", async () => {
    await using bench = await openBench(server, { now: () => 1_700_000_000_123 });
    const { store, redis, keyPrefix } = bench;
    const log = await begin(store);
    const tip = () => redis.hget(`${keyPrefix}{${channelOf(bench, log)}}:conversation`, "tip");
    const [, holder = ""] = (await tip())?.split(" ") ?? [];
    await log.write(runStart());
    expect(await tip()).toBe(`1-1 ${holder} 1700000000123`);
    await log.write(text("a"));
    expect(await tip()).toBe(`1-2 ${holder} 1700000000123`);
    await log.write(...texts(8));
    expect(await tip()).toBe(`1-10 ${holder} 1700000000123`);
    await log.write(text("b"), { type: "text-end", step: 1, id: "t" });
    expect(await tip()).toBe(`1-12 ${holder} 1700000000123`);
  });
});

describe("a stream that somebody else wrote under a key of ours", () => {
  test("is not begun over", async () => {
    await using bench = await openBench(server);
    const id = randomConversationId();
    await bench.redis.xadd(`${bench.keyPrefix}agent-stream:${id}`, "*", "text", "theirs");
    await expect(bench.store.post(id, request("one"))).rejects.toMatchObject({
      code: "internal_error",
      message: expect.stringContaining("agent-stream"),
    });
  });

  test("is not continued", async () => {
    await using bench = await openBench(server);
    const id = await postRun(bench.store);
    await bench.redis.xadd(`${bench.keyPrefix}agent-stream:${id}`, "*", "text", "theirs");
    await expect(bench.store.acquire(id, { worker: "w", run: 1 })).rejects.toMatchObject({
      code: "internal_error",
    });
    expect((await bench.store.conversation(id))?.attempt).toBe(0);
  });
});
