import { Option } from "commander";
import type { Command } from "commander";
import { SILENT } from "../ports/index.ts";
import type { ConversationStore, Logger } from "../ports/index.ts";
import { ConfigurationError, readEnvironment } from "./environment.ts";
import type { Environment } from "./environment.ts";

/** Which store a command works on, where it does not go through a server. */
export interface StoreFlags {
  readonly data?: string;
  readonly redis?: string;
}

export interface OpenStoreOptions {
  /** Only to look: beside a server that runs, on the embedded store. */
  readonly readOnly?: boolean;
  readonly logger?: Logger;
}

/** The options of `StoreFlags`; without them the store is the one that `holdfast serve` would take. */
export function withStoreOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--data <directory>",
        "the embedded store there (HOLDFAST_DATA_DIR, default .holdfast)",
      ).conflicts("redis"),
    )
    .addOption(new Option("--redis <connection>", "the store in this Redis (REDIS_CONNECTION_STRING)"));
}

/** The environment as the flags of a command change it: a flag names the store, whatever the environment says. */
export function environmentWith(
  { data, redis }: StoreFlags,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Readonly<Record<string, string | undefined>> {
  if (data !== undefined) return { ...env, HOLDFAST_DATA_DIR: data, REDIS_CONNECTION_STRING: "" };
  return redis === undefined ? env : { ...env, REDIS_CONNECTION_STRING: redis };
}

/** Runs what works on a store, and closes it on every path. */
export async function withStore<Result>(
  flags: StoreFlags,
  options: OpenStoreOptions,
  action: (store: ConversationStore) => Promise<Result>,
): Promise<Result> {
  const store = await openStore(readEnvironment(environmentWith(flags)), options);
  try {
    return await action(store);
  } finally {
    await store.close();
  }
}

/** Opens the store that the environment names: one file, or Redis. */
export async function openStore(
  environment: Environment,
  { readOnly = false, logger = SILENT }: OpenStoreOptions = {},
): Promise<ConversationStore> {
  const { redisConnectionString, dataDirectory, streamTtlMs, historyTtlMs } = environment;
  if (redisConnectionString === undefined) {
    const { createSqliteStore } = await import("../adapters/sqlite/index.ts");
    return createSqliteStore({ directory: dataDirectory, streamTtlMs, historyTtlMs, readOnly, logger });
  }
  const { createRedisStore, parseRedisConnection } = await redisAdapter();
  redisConnection(parseRedisConnection, redisConnectionString);
  return createRedisStore({ connection: redisConnectionString, streamTtlMs, historyTtlMs });
}

export function redisAdapter(): Promise<typeof import("../adapters/redis/index.ts")> {
  return import("../adapters/redis/index.ts").catch(needs("ioredis"));
}

/** Turns an optional package that is absent into a line that says what to install. */
export function needs(packages: string): (error: unknown) => never {
  return (error) => {
    const missing = error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
    if (!missing) throw error;
    throw new ConfigurationError(
      "REDIS_CONNECTION_STRING",
      `REDIS_CONNECTION_STRING needs packages that are not installed: npm install ioredis bullmq (missing: ${packages}).`,
    );
  };
}

export function redisConnection<Connection>(parse: (text: string) => Connection, text: string): Connection {
  try {
    return parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new ConfigurationError("REDIS_CONNECTION_STRING", `REDIS_CONNECTION_STRING: ${message}`);
  }
}
