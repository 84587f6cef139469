import { Redis } from "ioredis";
import { expect, test } from "vitest";
import { freePort, startRedisServer } from "../../../test/support/redis-server.ts";
import { randomConversationId } from "../../core/index.ts";
import type { ConversationId } from "../../core/index.ts";
import { slotOf } from "./cluster-slot.ts";
import { createKeyspace, scriptKeys } from "./redis-keys.ts";

const keyspace = createKeyspace({ keyPrefix: "app:", db: 0 });

test("a slot is the one that Redis says, with and without a tag", async () => {
  const bus = ["--cluster-port", String(await freePort())];
  const server = await startRedisServer({ args: ["--cluster-enabled", "yes", ...bus] });
  const redis = new Redis(server.port, "127.0.0.1");
  try {
    const keys = ["", "a", "日本", "{a}b", "x{a}b", "{}a", "{a", "a}{b}", "{{a}}", "{a}{b}", "123456789"];
    const streams = Array.from({ length: 50 }, () => keyspace.of(randomConversationId()).stream);
    for (const key of [...keys, ...streams]) {
      expect([key, slotOf(key)]).toEqual([key, await redis.cluster("KEYSLOT", key)]);
    }
  } finally {
    redis.disconnect();
    await server.stop();
  }
});

test("all keys of a conversation and its channel have the slot of its stream", () => {
  for (const id of [randomConversationId(), "a", "A.b_c:d@e-f" as ConversationId]) {
    const keys = keyspace.of(id as ConversationId);
    for (const key of [...scriptKeys(keys), keys.channel]) expect(slotOf(key)).toBe(slotOf(keys.stream));
  }
});

test("the indexes have slots of their own", () => {
  expect(slotOf(keyspace.conversations)).not.toBe(slotOf(keyspace.unfinished));
});
