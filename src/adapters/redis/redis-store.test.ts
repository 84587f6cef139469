import { afterAll, beforeAll, describe, test } from "vitest";
import { startRedisCluster } from "../../../test/support/redis-cluster.ts";
import { startRedisServer } from "../../../test/support/redis-server.ts";
import { randomId } from "../../core/index.ts";
import { STORE_LAWS } from "../../testing/index.ts";
import { createRedisStore } from "./redis-store.ts";

describe.each([
  { name: "a server", start: () => startRedisServer() },
  { name: "a Cluster of three primaries", start: () => startRedisCluster() },
])("the Redis store keeps the law on $name", ({ start }) => {
  let redis: { readonly url: string; stop(): Promise<void> };
  beforeAll(async () => {
    redis = await start();
  }, 30_000);
  afterAll(async () => {
    await redis.stop();
  });

  test.each(STORE_LAWS)("$id: $says", async (law) => {
    await law.check(async (options) => {
      const keyPrefix = `${randomId()}:`;
      const open = () => createRedisStore({ connection: redis.url, keyPrefix, ...options });
      const store = await open();
      return { store, reopen: open, openBeside: open, close: () => store.close() };
    });
  });
});
