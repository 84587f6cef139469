import { afterAll, beforeAll, expect, test } from "vitest";
import { startRedisCluster } from "../../../test/support/redis-cluster.ts";
import type { RedisCluster } from "../../../test/support/redis-cluster.ts";
import { startWatchedRedis } from "../../../test/support/redis-sentinel.ts";
import { randomConversationId } from "../../core/index.ts";
import type { ConversationId } from "../../core/index.ts";
import { eventually } from "../../testing/law.ts";
import { createBullmqEngine } from "./bullmq-engine.ts";
import type { BullmqConnection } from "./redis-client.ts";

let cluster: RedisCluster;
beforeAll(async () => {
  cluster = await startRedisCluster();
}, 30_000);
afterAll(() => cluster.stop());

/** Wakes conversations on one engine, and sees them driven and interrupted on another. */
async function wakeAndInterrupt(connection: BullmqConnection): Promise<string> {
  const onError = (): void => {};
  const [one, other] = [
    createBullmqEngine({ connection, onError }),
    createBullmqEngine({ connection, onError }),
  ];
  const driven = new Set<ConversationId>();
  const interrupted = new Set<ConversationId>();
  const ids = Array.from({ length: 20 }, randomConversationId);
  try {
    await other.start(async ({ id, onInterrupt }) => {
      await new Promise<void>((resolve) => {
        onInterrupt(resolve);
        driven.add(id);
      });
      interrupted.add(id);
      return { state: "idle" };
    });
    await Promise.all(ids.map((id, index) => one.wake(id, index % 2 ? { notBefore: Date.now() + 20 } : {})));
    await eventually("all are driven", () => driven.size === ids.length);
    await Promise.all(ids.map((id) => one.interrupt(id)));
    await eventually("all are interrupted", () => interrupted.size === ids.length);
    return one.description;
  } finally {
    await Promise.all([one, other].map((engine) => engine.stop({ graceMs: 5_000 })));
  }
}

test("wakes, timers and interrupts work on a Cluster, given any node", async () => {
  for (const node of cluster.primaries) {
    const connection = { host: "127.0.0.1", port: node.port, cluster: true };
    expect(await wakeAndInterrupt(connection)).toBe(`BullMQ (Redis Cluster 127.0.0.1:${node.port})`);
  }
}, 30_000);

test("wakes, timers and interrupts work through a Sentinel, before and after a failover", async () => {
  const redis = await startWatchedRedis();
  try {
    const { hostname: host, port, pathname } = new URL(redis.url);
    const connection = { host, port: Number(port), primary: pathname.slice(1) };
    expect(await wakeAndInterrupt(connection)).toBe("BullMQ (Redis by Sentinel)");
    await redis.primary.kill("SIGKILL");
    await redis.promoted();
    await wakeAndInterrupt(connection);
  } finally {
    await redis.stop();
  }
}, 60_000);
