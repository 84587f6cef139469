import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startRedisCluster } from "../../../test/support/redis-cluster.ts";
import type { RedisCluster } from "../../../test/support/redis-cluster.ts";
import { startRedisServer } from "../../../test/support/redis-server.ts";
import { START } from "../../core/index.ts";
import type { LogEvent } from "../../core/index.ts";
import { eventually } from "../../testing/index.ts";
import { slotOf } from "./cluster-slot.ts";
import { createRedisStore } from "./redis-store.ts";
import { RedisStreamResponseHandler } from "./stream-response-handler.ts";
import { begin, collect, openBench, runStart, text, texts } from "./test-run.fixture.ts";
import type { Bench } from "./test-run.fixture.ts";

let cluster: RedisCluster;
beforeAll(async () => {
  cluster = await startRedisCluster();
}, 30_000);
afterAll(async () => {
  await cluster.stop();
});

function open(): Promise<Bench> {
  const [first] = cluster.primaries;
  if (!first) throw new TypeError("A cluster has primaries.");
  return openBench(first, { connection: cluster.url });
}

function streamOf(bench: Bench, id: string): string {
  return `${bench.keyPrefix}agent-stream:${id}`;
}

describe("a store on a Cluster", () => {
  test("recognises it by any of its nodes, and by several", async () => {
    const [one, two] = cluster.primaries;
    for (const connection of [
      one?.url ?? "",
      `127.0.0.1:1,127.0.0.1:${two?.port}`,
      `redis+cluster://127.0.0.1:${two?.port}`,
    ]) {
      const store = await createRedisStore({ connection, keyPrefix: "recognised:" });
      expect(store.description).toMatch(/^Redis Cluster at /);
      await store.ping();
      await store.close();
    }
  });

  test("says what is wrong with a database, and with a server that is no Cluster", async () => {
    await expect(createRedisStore({ connection: `${cluster.url}/1` })).rejects.toMatchObject({
      code: "store_unavailable",
      message: expect.stringContaining("has no database but 0; leave /1 out"),
    });
    const server = await startRedisServer();
    try {
      const connection = `redis+cluster://127.0.0.1:${server.port}`;
      await expect(createRedisStore({ connection })).rejects.toMatchObject({
        message: `Redis at 127.0.0.1:${server.port} is no Cluster.`,
      });
    } finally {
      await server.stop();
    }
  });

  test("hears and reads many conversations on one connection to each node", async () => {
    await using bench = await open();
    const logs = await Promise.all(Array.from({ length: 60 }, () => begin(bench.store)));
    const nodes = new Set(logs.map(({ id }) => cluster.ownerOf(slotOf(streamOf(bench, id)))));
    expect(nodes.size).toBe(3);
    const beside = await bench.beside();
    let begun = 0;
    const onEvents = (count: number): void => void (begun += count === 1 ? 1 : 0);
    const readings = logs.flatMap(({ id }) =>
      [beside, bench.store].map((store) => collect(store, id, 3, { onEvents })),
    );
    await eventually("all have begun to read", () => begun === readings.length);
    await eventually("all channels are heard", async () => {
      const channels = await Promise.all(
        cluster.primaries.map((node) => cluster.client(node).pubsub("SHARDCHANNELS", `${bench.keyPrefix}*`)),
      );
      return channels.flat().length === logs.length;
    });
    for (const node of cluster.primaries) {
      const clients = String(await cluster.client(node).client("LIST"));
      const count = (name: string): number => clients.split(`name=${name} `).length - 1;
      // Two stores, of which one writes.
      expect([count("holdfast-subscriber"), count("holdfast-log"), count("holdfast-writes")]).toEqual([
        2, 2, 1,
      ]);
    }
    await Promise.all(logs.map((log) => log.write(text("a"), text("b"))));
    for (const reading of readings) expect((await reading).map(({ seq }) => seq)).toEqual([0, 1, 2]);
  });

  test("loses nothing while the slot of a stream moves to another node and back", async () => {
    await using bench = await open();
    const log = await begin(bench.store);
    const stream = streamOf(bench, log.id);
    const slot = slotOf(stream);
    const home = cluster.ownerOf(slot);
    const away = cluster.primaries.find((node) => node !== home);
    if (!away) throw new TypeError("There are three.");
    const total = 600;
    const readers = [bench.store, await bench.beside()].map((store) => collect(store, log.id, total + 1));
    let moving = true;
    const moves = (async () => {
      for (const to of [away, home, away]) await cluster.moveSlot(slot, to);
      moving = false;
    })();
    const reads: Promise<boolean>[] = [];
    for (let written = 0; written < total; written += 5) {
      const batch = log.place(...texts(5));
      // Keys of one conversation are on two nodes for a moment: nobody can serve a script then.
      await eventually("the batch is stored", () =>
        log.append(batch).then(
          () => true,
          (error: unknown) => {
            expect(error).toMatchObject({ code: "store_unavailable", retryable: true });
            return false;
          },
        ),
      );
      const stored = written + 5 + 1;
      const isWhole = (events: readonly LogEvent[]): boolean =>
        events.length >= stored && events.every((event, index) => event.seq === index);
      if (moving) reads.push(bench.store.read(log.id, START, 1000).then(isWhole));
    }
    await moves;
    for (const reader of readers) {
      expect((await reader).map(({ seq }) => seq)).toEqual(
        Array.from({ length: total + 1 }, (_, seq) => seq),
      );
    }
    const wholes = await Promise.all(reads);
    expect(wholes).toEqual(wholes.map(() => true));
    expect(await cluster.client(away).xlen(stream)).toBe(total + 1);
  }, 30_000);

  test("is read by the class that the samples have", async () => {
    await using bench = await open();
    const log = await begin(bench.store);
    const handler = new RedisStreamResponseHandler({ redis: cluster.url, keyPrefix: bench.keyPrefix });
    const reading = (async () => {
      let said = "";
      for await (const chunk of handler.readStream(log.id)) said += chunk.text ?? "";
      return said;
    })();
    await log.write(runStart(), text("Hello, "), text("Cluster", 1));
    await log.end();
    expect(await reading).toBe("Hello, Cluster");
  });
});
