import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, onTestFinished } from "vitest";
import { createMemoryStore } from "../../src/adapters/memory/index.ts";
import { createRedisStore } from "../../src/adapters/redis/index.ts";
import { createSqliteStore } from "../../src/adapters/sqlite/index.ts";
import { randomId } from "../../src/core/index.ts";
import { createHoldfast } from "../../src/holdfast.ts";
import type { Holdfast, HoldfastOptions } from "../../src/holdfast.ts";
import { serveNode } from "../../src/http/hosts/node-host.ts";
import { SILENT } from "../../src/ports/index.ts";
import type { ConversationStore, LogFacts, Logger, Retention } from "../../src/ports/index.ts";
import { startRedisServer } from "./redis-server.ts";
import type { RedisServer } from "./redis-server.ts";

export type StoreKind = "memory" | "sqlite" | "redis";

/** Every store that the streams must behave the same on. */
export const STORE_KINDS: readonly StoreKind[] = ["memory", "sqlite", "redis"];

export interface TestStoreOptions extends Partial<Retention> {
  readonly now?: () => number;
}

/** Opens the same store again after it was closed, as a restarted server would; memory begins empty. */
type OpenStore = (options?: TestStoreOptions) => Promise<ConversationStore>;

const PLACES: Record<StoreKind, () => Promise<OpenStore>> = {
  memory: async () => async (options) => createMemoryStore(options),
  async sqlite() {
    const directory = await mkdtemp(join(tmpdir(), "holdfast-test-"));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    return (options) => createSqliteStore({ directory, ...options });
  },
  async redis() {
    redis ??= startRedisServer();
    const { url } = await redis;
    const keyPrefix = `test-${randomId()}:`;
    return (options) => createRedisStore({ connection: url, keyPrefix, ...options });
  },
};

/** One server for the tests of a file; each has keys of its own. */
let redis: Promise<RedisServer> | undefined;
afterAll(async () => (await redis)?.stop());

/** A place for a store of its own, gone when the test is over. */
export function storePlace(kind: StoreKind): Promise<OpenStore> {
  return PLACES[kind]();
}

export interface TestServerOptions extends Omit<HoldfastOptions, "store" | "logger"> {
  /** A kind, or a store that is open already. Default memory. */
  readonly store?: StoreKind | ConversationStore;
  readonly storeOptions?: TestStoreOptions;
  /** Default: any free port. */
  readonly port?: number;
}

export interface TestServer {
  readonly port: number;
  readonly url: string;
  readonly holdfast: Holdfast;
  readonly logs: readonly LogLine[];
  /** Stops the agents, then the host. Calling it again does nothing more. */
  stop(options?: { readonly graceMs?: number }): Promise<void>;
}

export interface LogLine {
  readonly level: keyof Logger;
  readonly facts: LogFacts;
  readonly message: string;
}

/** Serves agents on a loopback port of its own, on a store of its own; stopped when the test is over. */
export async function openServer({
  store = "memory",
  storeOptions,
  port,
  ...options
}: TestServerOptions): Promise<TestServer> {
  const logs: LogLine[] = [];
  const opened = typeof store === "string" ? await (await storePlace(store))(storeOptions) : store;
  const holdfast = createHoldfast({ ...options, store: opened, logger: recordingLogger(logs) });
  await holdfast.start();
  const host = await serveNode(holdfast.fetch, { hostname: "127.0.0.1", port: port ?? 0 });
  let stopped: Promise<void> | undefined;
  async function stop(graceMs: number): Promise<void> {
    await holdfast.stop({ graceMs });
    await host.close();
  }
  const server: TestServer = {
    port: host.port,
    url: `http://127.0.0.1:${host.port}`,
    holdfast,
    logs,
    stop: ({ graceMs = 0 } = {}) => (stopped ??= stop(graceMs)),
  };
  onTestFinished(() => server.stop());
  return server;
}

/** Keeps what went wrong; what merely goes on is of no interest to a test. */
function recordingLogger(lines: LogLine[]): Logger {
  const at = (level: keyof Logger) => (facts: LogFacts, message: string) => {
    lines.push({ level, facts, message });
  };
  return { ...SILENT, warn: at("warn"), error: at("error") };
}
