import { describe, expect, test } from "vitest";
import { freePort, startRedisServer } from "../../../test/support/redis-server.ts";
import { AgentError } from "../../core/index.ts";
import { eventually } from "../../testing/index.ts";
import { createRedisStore } from "./redis-store.ts";
import { begin, collect, openBench, text } from "./test-run.fixture.ts";

async function refusal(action: Promise<unknown>): Promise<AgentError> {
  try {
    await action;
  } catch (error) {
    if (error instanceof AgentError) return error;
    throw error;
  }
  throw new Error("Nothing was refused.");
}

describe("without Redis", () => {
  test("a store is refused in bounded time, with one line that names the address and no password", async () => {
    const port = await freePort();
    const started = Date.now();
    const connection = `redis://user:hunter2@127.0.0.1:${port}`;
    const error = await refusal(createRedisStore({ connection, connectTimeoutMs: 300 }));
    expect(Date.now() - started).toBeLessThan(2_000);
    expect(error.code).toBe("store_unavailable");
    expect(error.message).toBe(
      `Redis at 127.0.0.1:${port} does not answer (connect ECONNREFUSED 127.0.0.1:${port}); gave up after 300 ms.`,
    );
  });

  test("a store waits at its start for a server that comes late", async () => {
    const server = await startRedisServer();
    try {
      await server.kill("SIGKILL");
      const opening = createRedisStore({ connection: server.url });
      await server.restart();
      await (await opening).close();
    } finally {
      await server.stop();
    }
  });

  test("wrong credentials are refused at once, and told without them", async () => {
    const server = await startRedisServer({ args: ["--requirepass", "right"] });
    try {
      const connection = `redis://:hunter2@127.0.0.1:${server.port}`;
      const error = await refusal(createRedisStore({ connection }));
      expect(error.message).toBe(`Redis at 127.0.0.1:${server.port} refuses the credentials.`);
      expect(JSON.stringify([error, error.cause])).not.toContain("hunter2");
      const missing = await refusal(createRedisStore({ connection: server.url }));
      expect(missing.message).toBe(`Redis at 127.0.0.1:${server.port} refuses the credentials.`);
      const store = await createRedisStore({ connection: `redis://:right@127.0.0.1:${server.port}` });
      await store.ping();
      await store.close();
    } finally {
      await server.stop();
    }
  });
});

describe("when Redis goes away", () => {
  test("a follower and a writer go on after a restart, and nothing is lost", async () => {
    const server = await startRedisServer({ appendOnly: true });
    try {
      await using bench = await openBench(server);
      const log = await begin(bench.store);
      const total = 60;
      let seen = 0;
      const events = collect(await bench.beside(), log.id, total + 1, { onEvents: (n) => (seen = n) });
      await eventually("the follower has begun", () => seen > 0);
      const restarts: Promise<void>[] = [];
      for (let written = 0; written < total; written++) {
        if (written === 20) restarts.push(server.restart());
        if (written === 40) await restarts[0];
        if (written === 40) restarts.push(server.kill("SIGKILL").then(() => server.restart()));
        const batch = log.place(text(`${written} `, written));
        await eventually("the append is stored", async () => {
          const stored = await log.append(batch).then(
            () => true,
            (error: unknown) => error,
          );
          if (stored !== true) expect(stored).toMatchObject({ code: "store_unavailable", retryable: true });
          return stored === true;
        });
      }
      await Promise.all(restarts);
      expect((await events).map((event) => event.seq)).toEqual(
        Array.from({ length: total + 1 }, (_, seq) => seq),
      );
    } finally {
      await server.stop();
    }
  });

  test("every call is refused as one that may be tried again, and none hangs", async () => {
    const server = await startRedisServer();
    try {
      await using bench = await openBench(server);
      const log = await begin(bench.store);
      await server.kill("SIGKILL");
      const { store } = bench;
      const calls = [
        store.ping(),
        store.conversation(log.id),
        store.append(log.id, log.place(text("a"))),
        store.acquire(log.id, { worker: "w", run: 1 }),
        store.list({ limit: 1 }),
        store.post(log.id, { kind: "cancel", upTo: 1 }),
        store.unfinished(0)[Symbol.asyncIterator]().next(),
      ];
      for (const error of await Promise.all(calls.map(refusal))) {
        expect([error.code, error.retryable]).toEqual(["store_unavailable", true]);
        expect(error.message).toContain(`127.0.0.1:${server.port}`);
      }
    } finally {
      await server.stop();
    }
  });

  test("a server that stands still is given up after the time of a command, and taken back", async () => {
    const server = await startRedisServer();
    try {
      await using bench = await openBench(server);
      const log = await begin(bench.store);
      await server.kill("SIGSTOP");
      const batch = log.place(text("a"));
      expect((await refusal(log.append(batch))).code).toBe("store_unavailable");
      await server.kill("SIGCONT");
      await eventually("the append is stored", () =>
        log.append(batch).then(
          () => true,
          () => false,
        ),
      );
      expect((await bench.store.conversation(log.id))?.tip).toBe("1-1");
    } finally {
      await server.kill("SIGCONT");
      await server.stop();
    }
  });

  test("ping tells of a server that can be read and not be written", async () => {
    const server = await startRedisServer();
    try {
      await using bench = await openBench(server);
      const { store, redis } = bench;
      await store.ping();
      await redis.config("SET", "maxmemory", "1");
      expect((await refusal(store.ping())).message).toContain("is out of memory");
      await redis.config("SET", "maxmemory", "0");
      await redis.replicaof("127.0.0.1", 1);
      expect((await refusal(store.ping())).message).toContain("is a replica");
      await redis.replicaof("NO", "ONE");
      await eventually("it can be written again", () =>
        store.ping().then(
          () => true,
          () => false,
        ),
      );
    } finally {
      await server.stop();
    }
  });
});
