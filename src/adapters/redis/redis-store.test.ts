import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, test } from "vitest";
import { startRedisServer } from "../../../test/support/redis-server.ts";
import type { RedisServer } from "../../../test/support/redis-server.ts";
import { randomId } from "../../core/index.ts";
import { eventually, STORE_LAWS } from "../../testing/index.ts";
import { createRedisStore } from "./redis-store.ts";

describe.each([
  { name: "a server", start: () => startRedisServer() },
  // Refuses every script and command that touches two slots, as each node of a Cluster does.
  { name: "a server in cluster mode", start: startClusterNode },
])("the Redis store keeps the law on $name", ({ start }) => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(async () => {
    await server.stop();
  });

  test.each(STORE_LAWS)("$id: $says", async (law) => {
    await law.check(async (options) => {
      const keyPrefix = `${randomId()}:`;
      const open = () => createRedisStore({ connection: server.url, keyPrefix, ...options });
      const store = await open();
      return { store, reopen: open, openBeside: open, close: () => store.close() };
    });
  });
});

async function startClusterNode(): Promise<RedisServer> {
  const server = await startRedisServer({ args: ["--cluster-enabled", "yes"] });
  const redis = new Redis(server.port, "127.0.0.1");
  try {
    await redis.cluster("ADDSLOTSRANGE", 0, 16383);
    await eventually("the cluster is up", async () =>
      (await redis.cluster("INFO")).includes("cluster_state:ok"),
    );
    return server;
  } finally {
    redis.disconnect();
  }
}
