import { describe, expect, test } from "vitest";
import { startRedisCluster } from "../../../test/support/redis-cluster.ts";
import { startWatchedRedis } from "../../../test/support/redis-sentinel.ts";
import { startRedisServer } from "../../../test/support/redis-server.ts";
import { AgentError, compareCursors, cursorOf, parseCursor, START } from "../../core/index.ts";
import type { LogEvent } from "../../core/index.ts";
import { eventually } from "../../testing/index.ts";
import { slotOf } from "./cluster-slot.ts";
import { begin, collect, openBench, texts } from "./test-run.fixture.ts";
import type { TestLog } from "./test-run.fixture.ts";

const LIMIT_MS = 60_000;

/** Appends as the log writer does: again while the store is away, and from where its log ends when it has lost the rest. */
async function appendPatiently(
  log: TestLog,
  written: LogEvent[],
  events: readonly LogEvent[],
): Promise<{ readonly gaps: number }> {
  written.push(...events);
  let batch = events;
  let gaps = 0;
  await eventually(
    "the entries are stored",
    async () => {
      try {
        await log.append(batch);
        return true;
      } catch (error) {
        const { code, details } = AgentError.from(error);
        if (code === "log_gap") {
          gaps += 1;
          const tip = parseCursor(String(details["tip"]));
          batch = written.filter((event) => compareCursors(cursorOf(event), tip) > 0);
        } else {
          expect(code).toBe("store_unavailable");
        }
        return false;
      }
    },
    LIMIT_MS,
  );
  return { gaps };
}

function seqs(events: readonly LogEvent[]): readonly number[] {
  return events.map((event) => event.seq);
}

function upTo(count: number): readonly number[] {
  return Array.from({ length: count }, (_, seq) => seq);
}

describe("a failover to a replica", () => {
  test(
    "by a Sentinel, that loses what was acknowledged: the writer gives it back and readers notice nothing",
    async () => {
      const redis = await startWatchedRedis();
      try {
        await using bench = await openBench(redis.primary, { connection: redis.url });
        const { store } = bench;
        // By which the log writer knows that it has to keep what it wrote.
        expect(store.mayLoseTail).toBe(true);
        const log = await begin(store);
        const written: LogEvent[] = [];
        let seen = 0;
        const events = collect(await bench.beside(), log.id, 61, { onEvents: (count) => (seen = count) });
        for (let batch = 0; batch < 3; batch++) await appendPatiently(log, written, log.place(...texts(10)));
        await redis.cutReplication();
        await appendPatiently(log, written, log.place(...texts(10)));
        await eventually("the reader has seen what will be lost", () => seen === 41);
        await redis.primary.kill("SIGKILL");
        expect(await appendPatiently(log, written, log.place(...texts(10)))).toEqual({ gaps: 1 });
        expect(await appendPatiently(log, written, log.place(...texts(10)))).toEqual({ gaps: 0 });
        expect(seqs(await events)).toEqual(upTo(61));
        const stored = await store.read(log.id, START, 100);
        expect(stored.slice(1)).toEqual(written);
        await log.end();
        expect((await store.conversation(log.id))?.tip).toBe("1-61");
      } finally {
        await redis.stop();
      }
    },
    LIMIT_MS,
  );

  test(
    "of a Cluster: writers and readers of the lost primary go on, the others notice nothing",
    async () => {
      const cluster = await startRedisCluster({ replicas: true });
      try {
        await using bench = await openBench(cluster.primaries[0] ?? { port: 0, url: "" }, {
          connection: cluster.url,
        });
        const beside = await bench.beside();
        const logs = await Promise.all(Array.from({ length: 12 }, () => begin(bench.store)));
        const readings = logs.map((log) => collect(beside, log.id, 31));
        const written = logs.map((): LogEvent[] => []);
        const writeAll = (): Promise<unknown> =>
          Promise.all(
            logs.map((log, index) => appendPatiently(log, written[index] ?? [], log.place(...texts(10)))),
          );
        await writeAll();
        const victim = cluster.ownerOf(slotOf(`${bench.keyPrefix}agent-stream:${logs[0]?.id}`));
        await victim.kill("SIGKILL");
        await writeAll();
        await writeAll();
        for (const reading of readings) expect(seqs(await reading)).toEqual(upTo(31));
        for (const [index, log] of logs.entries()) {
          expect((await bench.store.read(log.id, START, 100)).slice(1)).toEqual(written[index]);
        }
      } finally {
        await cluster.stop();
      }
    },
    LIMIT_MS,
  );
});

describe("a server that stands still for longer than a command may take", () => {
  test(
    "and then goes on, with what was sent to it meanwhile: no entry is lost or doubled",
    async () => {
      const server = await startRedisServer();
      try {
        await using bench = await openBench(server);
        const log = await begin(bench.store);
        const seen = [0, 0];
        const readers = [bench.store, await bench.beside()].map((store, index) =>
          collect(store, log.id, 41, { onEvents: (count) => (seen[index] = count) }),
        );
        const written: LogEvent[] = [];
        await appendPatiently(log, written, log.place(...texts(10)));
        await eventually("both readers follow", () => seen.every((count) => count === 11));
        await server.kill("SIGSTOP");
        const batch = log.place(...texts(10));
        written.push(...batch);
        // It arrives, and is carried out when nobody waits for it any more.
        await expect(log.append(batch)).rejects.toMatchObject({ code: "store_unavailable", retryable: true });
        await server.kill("SIGCONT");
        await appendPatiently(log, [], batch);
        await appendPatiently(log, written, log.place(...texts(10)));
        await appendPatiently(log, written, log.place(...texts(10)));
        for (const reader of readers) expect(seqs(await reader)).toEqual(upTo(41));
        expect((await bench.store.read(log.id, START, 100)).slice(1)).toEqual(written);
      } finally {
        await server.kill("SIGCONT");
        await server.stop();
      }
    },
    LIMIT_MS,
  );
});
