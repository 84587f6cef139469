import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startRedisServer } from "../../../test/support/redis-server.ts";
import type { RedisServer } from "../../../test/support/redis-server.ts";
import { randomConversationId } from "../../core/index.ts";
import type { ConversationId } from "../../core/index.ts";
import type { ConversationStore } from "../../ports/index.ts";
import { eventually } from "../../testing/index.ts";
import { INDEX_GRACE_MS } from "./redis-index.ts";
import { begin, openBench, postRun, request } from "./test-run.fixture.ts";

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(async () => {
  await server.stop();
});

async function unfinished(store: ConversationStore, untouchedForMs = 0): Promise<readonly ConversationId[]> {
  const ids: ConversationId[] = [];
  for await (const { id } of store.unfinished(untouchedForMs)) ids.push(id);
  return ids.toSorted();
}

describe("the index of unfinished conversations", () => {
  test("drops what has ended only after the time that a post can take", async () => {
    let now = Date.now();
    await using bench = await openBench(server, { now: () => now, streamTtlMs: 600_000 });
    const { store, redis, keyPrefix } = bench;
    const log = await begin(store);
    await log.end();
    const members = () => redis.zrange(`${keyPrefix}holdfast:unfinished`, 0, "-1");
    now += INDEX_GRACE_MS - 1;
    expect(await unfinished(store)).toEqual([]);
    expect(await members()).toEqual([log.id]);
    now += 1;
    expect(await unfinished(store)).toEqual([]);
    expect(await members()).toEqual([]);
    await postRun(store, log.id);
    expect(await unfinished(store)).toEqual([log.id]);
  });

  test("keeps what was announced again while it was looked at", async () => {
    let now = Date.now();
    await using bench = await openBench(server, { now: () => now });
    const { store } = bench;
    const log = await begin(store);
    await log.end();
    now += INDEX_GRACE_MS * 2;
    await Promise.all([...Array.from({ length: 20 }, () => unfinished(store)), postRun(store, log.id)]);
    expect(await unfinished(store)).toEqual([log.id]);
  });

  test("names every one of many, ended ones among them, over pages", async () => {
    let now = Date.now();
    await using bench = await openBench(server, { now: () => now });
    const { store } = bench;
    const open = await Promise.all(Array.from({ length: 150 }, () => postRun(store)));
    await Promise.all(Array.from({ length: 50 }, async () => (await begin(store)).end()));
    now += INDEX_GRACE_MS;
    expect(await unfinished(store)).toEqual(open.toSorted());
    expect(await unfinished(store, INDEX_GRACE_MS + 1)).toEqual([]);
  });
});

describe("the list of conversations", () => {
  test("goes on where a page ended, over equal times, and forgets what is gone", async () => {
    let now = Date.now();
    await using bench = await openBench(server, { now: () => now });
    const { store, redis, keyPrefix } = bench;
    const ids = Array.from({ length: 150 }, () => randomConversationId());
    await Promise.all(
      ids.map((id, index) => store.post(id, { ...request("one"), agent: index % 2 ? "Odd" : "Even" })),
    );
    await store.delete(ids[0] ?? randomConversationId());
    now += INDEX_GRACE_MS;
    const listed: ConversationId[] = [];
    let after: string | undefined;
    do {
      const page = await store.list({ limit: 7, ...(after === undefined ? {} : { after }) });
      listed.push(...page.conversations.map(({ id }) => id));
      after = page.next;
    } while (after !== undefined);
    expect(listed.toSorted()).toEqual(ids.slice(1).toSorted());
    expect(await redis.zcard(`${keyPrefix}holdfast:conversations`)).toBe(149);
    const odd = await store.list({ limit: 100, agent: "Odd" });
    expect(odd.conversations).toHaveLength(75);
    expect(odd.next).toBeUndefined();
  });

  test("forgets what has outlived its history, though nobody pages that far", async () => {
    let now = Date.now();
    await using bench = await openBench(server, { now: () => now, streamTtlMs: 1, historyTtlMs: 1 });
    const { store, redis, keyPrefix } = bench;
    const waiting = await postRun(store);
    const log = await begin(store);
    await log.end();
    now += INDEX_GRACE_MS + 1;
    await eventually("the conversation goes", async () => (await store.conversation(log.id)) === undefined);
    await unfinished(store);
    expect(await redis.zrange(`${keyPrefix}holdfast:conversations`, 0, "-1")).toEqual([waiting]);
  });

  test("refuses a page that it never gave", async () => {
    await using bench = await openBench(server);
    await expect(bench.store.list({ limit: 1, after: "x" })).rejects.toMatchObject({
      code: "invalid_request",
    });
  });
});
