import { createLocalEngine } from "../adapters/local/index.ts";
import type { ConversationStore, Logger, RunEngine } from "../ports/index.ts";
import type { Environment } from "./environment.ts";
import { needs, openStore, redisAdapter, redisConnection } from "./open-store.ts";

export interface Backend {
  readonly store: ConversationStore;
  readonly engine: RunEngine;
}

/** Opens what keeps conversations and drives them: one file and this process, or Redis and BullMQ. */
export async function openBackend(environment: Environment, logger: Logger): Promise<Backend> {
  const { redisConnectionString } = environment;
  const onError = (error: unknown, id?: string): void =>
    logger.error({ error, conversation: id }, "the engine met an error; it goes on");
  if (redisConnectionString === undefined) {
    return { store: await openStore(environment, { logger }), engine: createLocalEngine({ onError }) };
  }
  const { parseRedisConnection, probeRedis } = await redisAdapter();
  const { createBullmqEngine } = await bullmqAdapter();
  const connection = await probeRedis(redisConnection(parseRedisConnection, redisConnectionString));
  const store = await openStore(environment, { logger });
  return { store, engine: createBullmqEngine({ connection, onError }) };
}

function bullmqAdapter(): Promise<typeof import("../adapters/bullmq/index.ts")> {
  return import("../adapters/bullmq/index.ts").catch(needs("bullmq"));
}
