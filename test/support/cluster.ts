import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRedisStore } from "../../src/adapters/redis/index.ts";
import { createSqliteStore } from "../../src/adapters/sqlite/index.ts";
import { START } from "../../src/core/index.ts";
import type { ConversationId, Cursor, LogEvent } from "../../src/core/index.ts";
import type { ConversationStore } from "../../src/ports/index.ts";
import { cursorOf } from "../../src/core/index.ts";
import { startWatchedRedis } from "./redis-sentinel.ts";
import type { WatchedRedis } from "./redis-sentinel.ts";
import { startRedisServer } from "./redis-server.ts";
import type { RedisServer } from "./redis-server.ts";
import { startServe } from "./serve-process.ts";
import type { ServeProcess } from "./serve-process.ts";
import { UPSTREAM_URL } from "./upstream-wire.ts";

export type ClusterStore = "embedded" | "redis";

export interface ClusterOptions {
  readonly store: ClusterStore;
  readonly upstream: string;
  /** Processes that run agents. The embedded store takes one only. Default 1. */
  readonly workers?: number;
  /** Processes that only answer requests; on Redis alone. Default 0. */
  readonly apiNodes?: number;
  readonly graceSeconds?: number;
  /** Gives Redis a replica, and a Sentinel that promotes it. Default false. */
  readonly withReplica?: boolean;
  /** Where the embedded store is. Default: a new directory, removed in the end. */
  readonly directory?: string;
}

/** Real processes of `holdfast serve` on one store. */
export interface Cluster {
  readonly store: ClusterStore;
  readonly workers: readonly ServeProcess[];
  /** Those that clients talk to: the `--api-only` nodes where there are any, else the workers. */
  readonly apis: readonly ServeProcess[];
  readonly redis: RedisServer | undefined;
  /** The same with its replica, where it has one. */
  readonly watchedRedis: WatchedRedis | undefined;
  /** Where clients may find an API, whether or not it answers now. */
  ports(): readonly number[];
  startWorker(): Promise<ServeProcess>;
  /** The whole log of a conversation as it is stored, with what was withdrawn. */
  storedLog(conversation: string): Promise<readonly LogEvent[]>;
  /** What all processes printed, for whoever looks at a failure. */
  output(): string;
  /** Ends every process of its own, and removes what they kept. */
  close(): Promise<void>;
}

const AGENTS = fileURLToPath(new URL("upstream-agents.ts", import.meta.url));

export async function openCluster(options: ClusterOptions): Promise<Cluster> {
  const { store, workers: workerCount = 1, apiNodes = 0, graceSeconds = 1 } = options;
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), "holdfast-cluster-")));
  const watchedRedis = options.withReplica ? await startWatchedRedis({ appendOnly: true }) : undefined;
  const alone = store === "redis" && !watchedRedis ? await startRedisServer({ appendOnly: true }) : undefined;
  const redis = watchedRedis?.primary ?? alone;
  const redisUrl = watchedRedis?.url ?? alone?.url;
  const workers: ServeProcess[] = [];
  const apis: ServeProcess[] = [];
  let reader: Promise<ConversationStore> | undefined;
  const environment = {
    [UPSTREAM_URL]: options.upstream,
    HOLDFAST_GRACE_SECONDS: String(graceSeconds),
    HOLDFAST_LOG_LEVEL: "warn",
    ...(redisUrl === undefined ? { HOLDFAST_DATA_DIR: directory } : { REDIS_CONNECTION_STRING: redisUrl }),
  };

  async function start(name: string, args: readonly string[], list: ServeProcess[]): Promise<ServeProcess> {
    const started = await startServe({ name, agents: AGENTS, args, environment });
    list.push(started);
    return started;
  }

  const startWorker = (): Promise<ServeProcess> => start(`worker ${workers.length + 1}`, [], workers);

  async function close(): Promise<void> {
    await Promise.all([...workers, ...apis].map((each) => each.kill("SIGKILL")));
    await (await reader?.catch(() => undefined))?.close().catch(() => {}); // Its Redis may be gone.
    await Promise.all([watchedRedis?.stop(), alone?.stop()]);
    if (options.directory === undefined) await rm(directory, { recursive: true, force: true });
  }

  try {
    await Promise.all([
      ...Array.from({ length: workerCount }, startWorker),
      ...Array.from({ length: apiNodes }, (_, index) => start(`API node ${index + 1}`, ["--api-only"], apis)),
    ]);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    store,
    workers,
    get apis() {
      return apis.length > 0 ? apis : workers;
    },
    redis,
    watchedRedis,
    ports: () => (apis.length > 0 ? apis : workers).map((each) => each.port),
    startWorker,
    async storedLog(conversation) {
      reader ??=
        redisUrl === undefined
          ? createSqliteStore({ directory, readOnly: true })
          : createRedisStore({ connection: redisUrl });
      return wholeLog(await reader, conversation as ConversationId);
    },
    output: () =>
      [...workers, ...apis]
        .map((each) => `=== ${each.name}, pid ${each.pid}, port ${each.port}\n${each.output.join("\n")}`)
        .join("\n"),
    close,
  };
}

const PAGE = 1000;

async function wholeLog(store: ConversationStore, id: ConversationId): Promise<readonly LogEvent[]> {
  const log: LogEvent[] = [];
  let position: Cursor = START;
  for (;;) {
    const page = await store.read(id, position, PAGE);
    log.push(...page);
    const last = page.at(-1);
    if (!last || page.length < PAGE) return log;
    position = cursorOf(last);
  }
}
