import { expect, test } from "vitest";
import { createRedisStore } from "../../src/adapters/redis/index.ts";
import { foldRun, randomConversationId, START } from "../../src/core/index.ts";
import type { LogEvent } from "../../src/core/index.ts";
import { NO_METRICS } from "../../src/ports/index.ts";
import { createLogWriter } from "../../src/runtime/log-writer.ts";
import { startWatchedRedis } from "../support/redis-sentinel.ts";

const LIMIT_MS = 90_000;

test(
  "the log writer gives a replica what the primary had acknowledged and not passed on (L3)",
  async () => {
    const redis = await startWatchedRedis();
    try {
      const store = await createRedisStore({ connection: redis.url });
      const id = randomConversationId();
      const asked = { id: "one", agent: "Agent", input: "?", options: {} };
      await store.post(id, { kind: "run", ...asked });
      const start = await store.acquire(id, { worker: "w", run: 1 });
      if (!start) throw new Error("There was nothing to hold.");
      const writer = createLogWriter({
        store,
        id,
        state: foldRun([start]),
        stored: [start],
        now: Date.now,
        metrics: NO_METRICS,
        signal: new AbortController().signal,
        onStored: () => {},
      });
      const written: LogEvent[] = [
        start,
        writer.write({ type: "run-start", acceptedAt: 0, ...asked }, { takes: [1] }),
        writer.write({ type: "step-start", step: 1, kind: "model" }),
        writer.write({ type: "text-start", step: 1, id: "t" }),
      ];
      const say = async (): Promise<void> => {
        for (let said = 0; said < 20; said++) {
          const delta = { step: 1, id: "t", delta: `${said} `, sequence: writer.chunks };
          written.push(writer.write({ type: "text-delta", ...delta }));
          await writer.flush();
        }
      };
      await say();
      await redis.cutReplication();
      await say();
      await redis.primary.kill("SIGKILL");
      await say();
      expect(await store.read(id, START, 100)).toEqual(written);
      await store.close();
    } finally {
      await redis.stop();
    }
  },
  LIMIT_MS,
);
