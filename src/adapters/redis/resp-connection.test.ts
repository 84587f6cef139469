import { Redis } from "ioredis";
import { describe, expect, test } from "vitest";
import { startRedisServer } from "../../../test/support/redis-server.ts";
import { START } from "../../core/index.ts";
import { eventually } from "../../testing/index.ts";
import { parseRedisConnection } from "./redis-connection.ts";
import type { RedisConnection } from "./redis-connection.ts";
import { nodeOf } from "./redis-node.ts";
import { createRespConnection } from "./resp-connection.ts";
import type { RespConnection } from "./resp-connection.ts";
import { numberFromReply, stringFromReply } from "./resp-reader.ts";
import { begin, openBench, texts } from "./test-run.fixture.ts";

function connect(connection: RedisConnection, timeoutMs = 5_000): RespConnection {
  return createRespConnection({ node: nodeOf(connection, connection), name: "holdfast-log", timeoutMs });
}

describe("a connection of our own to Redis", () => {
  test("logs in, chooses the database and answers in order", async () => {
    const server = await startRedisServer({ args: ["--requirepass", "p s$"] });
    const redis = new Redis({ port: server.port, password: "p s$", db: 3 });
    const connection = parseRedisConnection(`redis://:p%20s$@127.0.0.1:${server.port}/3`);
    const log = connect(connection);
    try {
      await redis.set("Ä", "日本");
      const asked = Array.from({ length: 50 }, () =>
        log.send({ words: ["GET", "Ä"], decode: stringFromReply }),
      );
      expect(
        await Promise.all([log.send({ words: ["EXISTS", "Ä"], decode: numberFromReply }), ...asked]),
      ).toEqual([1, ...asked.map(() => "日本")]);
      await expect(log.send({ words: ["HGET", "Ä", "x"], decode: stringFromReply })).rejects.toThrow(
        /^WRONGTYPE/,
      );
      const bad = () => {
        throw new Error("cannot read that");
      };
      await expect(log.send({ words: ["GET", "Ä"], decode: bad })).rejects.toThrow("cannot read that");
      expect(await log.send({ words: ["GET", "nothing"], decode: stringFromReply })).toBeUndefined();
      const wrong = connect({ ...connection, password: "no" });
      await expect(wrong.send({ words: ["GET", "Ä"], decode: stringFromReply })).rejects.toThrow(
        /^WRONGPASS/,
      );
      wrong.drop();
    } finally {
      log.drop();
      redis.disconnect();
      await server.stop();
    }
  });

  test("sends nothing of what follows half a command, and goes on with a connection anew", async () => {
    const server = await startRedisServer();
    const log = connect(parseRedisConnection(server.url));
    try {
      const before = log.send({ words: ["ECHO", "before"], decode: stringFromReply });
      const broken = log.send({ words: ["GET", undefined as unknown as string], decode: stringFromReply });
      await expect(broken).rejects.toThrow(TypeError);
      await expect(before).rejects.toThrow(TypeError);
      expect(await log.send({ words: ["ECHO", "back"], decode: stringFromReply })).toBe("back");
    } finally {
      log.drop();
      await server.stop();
    }
  });

  test("is one for all readers, and is made again after it was cut", async () => {
    const server = await startRedisServer();
    try {
      await using bench = await openBench(server);
      const { store, redis } = bench;
      const log = await begin(store);
      await log.write(...texts(10));
      const read = () => store.read(log.id, START, 100);
      await Promise.all(Array.from({ length: 100 }, read));
      const clients = String(await redis.client("LIST"));
      expect(clients.match(/name=holdfast-log/g)).toHaveLength(1);
      const [, number = ""] = /id=(\d+)[^\n]*name=holdfast-log/.exec(clients) ?? [];
      await redis.client("KILL", "ID", number);
      await eventually("it is read again", () =>
        read().then(
          (events) => events.length === 11,
          (error: unknown) => {
            expect(error).toMatchObject({ code: "store_unavailable", retryable: true });
            return false;
          },
        ),
      );
    } finally {
      await server.stop();
    }
  });

  test("gives up a server that stands still after the time of a command", async () => {
    const server = await startRedisServer();
    const log = connect(parseRedisConnection(server.url), 100);
    try {
      await log.send({ words: ["EXISTS", "x"], decode: numberFromReply });
      await server.kill("SIGSTOP");
      const both = [1, 2].map(() => log.send({ words: ["EXISTS", "x"], decode: numberFromReply }));
      for (const { status } of await Promise.allSettled(both)) expect(status).toBe("rejected");
      await server.kill("SIGCONT");
      expect(await log.send({ words: ["EXISTS", "x"], decode: numberFromReply })).toBe(0);
    } finally {
      log.drop();
      await server.kill("SIGCONT");
      await server.stop();
    }
  });
});
