import { createLocalEngine } from "../adapters/local/index.ts";
import { createSqliteStore } from "../adapters/sqlite/index.ts";
import type { ConversationStore, Logger, RunEngine } from "../ports/index.ts";
import { ConfigurationError } from "./environment.ts";
import type { Environment } from "./environment.ts";

export interface Backend {
  readonly store: ConversationStore;
  readonly engine: RunEngine;
}

/** Opens what keeps conversations and drives them: one file and this process, or Redis and BullMQ. */
export async function openBackend(environment: Environment, logger: Logger): Promise<Backend> {
  const { redisConnectionString, dataDirectory, streamTtlMs, historyTtlMs } = environment;
  const onError = (error: unknown, id?: string): void =>
    logger.error({ error, conversation: id }, "the engine met an error; it goes on");
  if (redisConnectionString === undefined) {
    const store = await createSqliteStore({ directory: dataDirectory, streamTtlMs, historyTtlMs, logger });
    return { store, engine: createLocalEngine({ onError }) };
  }
  const { createRedisStore, parseRedisConnection } = await redisAdapter();
  const { createBullmqEngine } = await bullmqAdapter();
  const connection = redisConnection(parseRedisConnection, redisConnectionString);
  const store = await createRedisStore({ connection: redisConnectionString, streamTtlMs, historyTtlMs });
  return { store, engine: createBullmqEngine({ connection, onError }) };
}

function redisAdapter(): Promise<typeof import("../adapters/redis/index.ts")> {
  return import("../adapters/redis/index.ts").catch(needs("ioredis"));
}

function bullmqAdapter(): Promise<typeof import("../adapters/bullmq/index.ts")> {
  return import("../adapters/bullmq/index.ts").catch(needs("bullmq"));
}

function needs(packages: string): (error: unknown) => never {
  return (error) => {
    const missing = error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
    if (!missing) throw error;
    throw new ConfigurationError(
      "REDIS_CONNECTION_STRING",
      `REDIS_CONNECTION_STRING needs packages that are not installed: npm install ioredis bullmq (missing: ${packages}).`,
    );
  };
}

function redisConnection<Connection>(parse: (text: string) => Connection, text: string): Connection {
  try {
    return parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new ConfigurationError("REDIS_CONNECTION_STRING", `REDIS_CONNECTION_STRING: ${message}`);
  }
}
