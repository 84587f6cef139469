import { afterAll, beforeAll, describe, test } from "vitest";
import { startRedisServer } from "../../../test/support/redis-server.ts";
import type { RedisServer } from "../../../test/support/redis-server.ts";
import { randomId } from "../../core/index.ts";
import { STORE_LAWS } from "../../testing/index.ts";
import { createRedisStore } from "./redis-store.ts";

let server: RedisServer;
beforeAll(async () => {
  server = await startRedisServer();
});
afterAll(async () => {
  await server.stop();
});

describe("the Redis store keeps the law", () => {
  test.each(STORE_LAWS)("$id: $says", async (law) => {
    await law.check(async (options) => {
      const keyPrefix = `${randomId()}:`;
      const open = () => createRedisStore({ connection: server.url, keyPrefix, ...options });
      const store = await open();
      return { store, reopen: open, openBeside: open, close: () => store.close() };
    });
  });
});
