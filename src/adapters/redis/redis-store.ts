import type { ConversationId, LogEvent } from "../../core/index.ts";
import { DEFAULT_RETENTION } from "../../ports/index.ts";
import type { AppendListener, AppendOptions, ConversationStore, Retention } from "../../ports/index.ts";
import type { Batch, BatchOutcome } from "./chunk-append.ts";
import { DEFAULT_CONNECT_TIMEOUT_MS, openRedisClients } from "./redis-clients.ts";
import type { RedisClients } from "./redis-clients.ts";
import { parseRedisConnection } from "./redis-connection.ts";
import type { RedisConnection } from "./redis-connection.ts";
import type { RedisContext } from "./redis-context.ts";
import { createRedisConversations } from "./redis-conversations.ts";
import { redisError } from "./redis-error.ts";
import { createRedisFollowers } from "./redis-followers.ts";
import { createRedisInbox } from "./redis-inbox.ts";
import { createRedisIndex } from "./redis-index.ts";
import { createKeyspace } from "./redis-keys.ts";
import { listConversations } from "./redis-list.ts";
import { createRedisLog } from "./redis-log.ts";
import { restoreConversation } from "./redis-restore.ts";
import { createRedisScripts } from "./redis-scripts.ts";

export interface RedisStoreOptions extends Partial<Retention> {
  /** What `parseRedisConnection` reads, or gives. */
  readonly connection: string | RedisConnection;
  /** Put before every key, for those who share a server. Default: nothing. */
  readonly keyPrefix?: string;
  /** How long to wait for Redis at the start, in milliseconds. Default 10 seconds. */
  readonly connectTimeoutMs?: number;
  readonly now?: () => number;
}

/**
 * A store in Redis or Valkey, version 7 or newer, for as many processes as share it. Resolves when the server answers;
 * rejects with `store_unavailable` and one line that names host and port when it does not in time, and with TypeError
 * when an option is wrong.
 *
 * It is as durable as the server is set up to be: without an append-only file a crash of Redis loses what it had
 * acknowledged, with `appendfsync everysec` up to a second of it. Keys must not be evicted (`maxmemory-policy noeviction`).
 * On a Cluster, which it recognises by itself, each conversation lives in the slot of its stream.
 * It holds four connections a process at most, however many conversations and viewers there are: for commands, for
 * scripts, for reading logs (from the first read on) and for hearing live entries (from the first follower on); on a
 * Cluster four to each node.
 * While Redis is away every call rejects with `store_unavailable` in bounded time; followers wait for a while.
 *
 * @example const store = await createRedisStore({ connection: "redis://localhost:6379" });
 */
export async function createRedisStore(options: RedisStoreOptions): Promise<ConversationStore> {
  const connection =
    typeof options.connection === "string" ? parseRedisConnection(options.connection) : options.connection;
  const keyspace = createKeyspace({ keyPrefix: options.keyPrefix ?? "", db: connection.db });
  const clients = await openRedisClients(connection, options.connectTimeoutMs ?? DEFAULT_CONNECT_TIMEOUT_MS);
  return storeOn({
    description: descriptionOf(connection, clients),
    context: {
      clients,
      keyspace,
      scripts: createRedisScripts(clients.writes),
      retention: {
        streamTtlMs: options.streamTtlMs ?? DEFAULT_RETENTION.streamTtlMs,
        historyTtlMs: options.historyTtlMs ?? DEFAULT_RETENTION.historyTtlMs,
      },
      now: options.now ?? Date.now,
    },
  });
}

function storeOn({
  description,
  context,
}: {
  readonly description: string;
  readonly context: RedisContext;
}): ConversationStore {
  const { clients, keyspace } = context;
  const conversations = createRedisConversations(context);
  const index = createRedisIndex(context, conversations);
  const inbox = createRedisInbox(context, index);
  const log = createRedisLog(context);
  const followers = createRedisFollowers(context, (id, after, limit) => log.read(id, after, limit));
  let closing: Promise<void> | undefined;

  const guard = <Result>(action: Promise<Result>): Promise<Result> => translated(action, clients);

  const outcome: BatchOutcome = {
    settle: ({ followed, events }, stored) => followed && followers.appended(followed, events, stored),
    appendAnyhow,
    errorOf: (error) => redisError(error, clients.address),
  };

  function append(id: ConversationId, events: readonly LogEvent[], options?: AppendOptions): Promise<void>;
  function append(
    id: ConversationId,
    events: readonly LogEvent[],
    options: AppendOptions | undefined,
    listener: AppendListener,
  ): Promise<void> | undefined;
  function append(
    id: ConversationId,
    events: readonly LogEvent[],
    options: AppendOptions = NO_OPTIONS,
    listener?: AppendListener,
  ): Promise<void> | undefined {
    if (!listener) return appendPromised(id, events, options);
    const hold = log.holdOf(id, listener.found);
    if (hold !== listener.found) listener.found = hold;
    const followed = followers.appending(id, events, hold?.followed);
    if (hold) hold.followed = followed;
    const batch = { id, events, options, listener, followed };
    return hold && log.appendChunks(hold, batch, outcome) ? undefined : appendAnyhow(batch);
  }

  /** On its own: whoever gives a listener would pay for the functions. */
  function appendPromised(
    id: ConversationId,
    events: readonly LogEvent[],
    options: AppendOptions,
  ): Promise<void> {
    return new Promise((resolve, refused) => {
      const answer = append(id, events, options, {
        taken() {},
        appended: resolve,
        refused,
        found: undefined,
      });
      if (answer) resolve(answer);
    });
  }

  async function appendAnyhow(batch: Batch): Promise<void> {
    const { id, events, options } = batch;
    let stored = false;
    try {
      stored = await log.append(id, events, options);
    } catch (error) {
      throw redisError(error, clients.address);
    } finally {
      outcome.settle(batch, stored);
    }
    // Not waited for: it rejects never, and whoever lists from here asks on the same connection, after it.
    if (options.record) void index.touch(id);
  }

  return {
    description,
    // A replica takes over without what it has not heard of; a restart goes back to what was on disk.
    mayLoseTail: true,
    post: (id, request, options = {}) => guard(inbox.post(id, request, options)),
    acquire: (id, holder) => guard(log.acquire(id, holder)),
    append,
    read: (id, after, limit) => guard(log.read(id, after, limit)),
    follow: (id, after, { signal }) => followers.follow(id, after, signal),
    conversation: (id) => guard(conversations.find(id)),
    history: (id, page = {}) => guard(conversations.history(id, page)),
    list: (filter) => guard(listConversations(context, index, filter)),
    async delete(id) {
      const existed = await guard(conversations.delete(id));
      followers.remove(id);
      return existed;
    },
    restore: (snapshot) => guard(restoreConversation(context, index, snapshot)),
    async *unfinished(untouchedForMs) {
      try {
        yield* index.unfinished(untouchedForMs);
      } catch (error) {
        throw redisError(error, clients.address);
      }
    },
    async ping() {
      // Not PING alone: a replica, a full memory and a broken disk answer it too.
      await guard(clients.commands.set(keyspace.ping, context.now(), "PX", PING_TTL_MS));
    },
    close() {
      closing ??= closeAll();
      return closing;
    },
  };

  async function closeAll(): Promise<void> {
    followers.close();
    await clients.close();
  }
}

const PING_TTL_MS = 60_000;
const NO_OPTIONS: AppendOptions = {};

async function translated<Result>(action: Promise<Result>, { address }: RedisClients): Promise<Result> {
  try {
    return await action;
  } catch (error) {
    throw redisError(error, address);
  }
}

function descriptionOf({ db, tls }: RedisConnection, { address, cluster }: RedisClients): string {
  return `Redis${cluster ? " Cluster" : ""} at ${address}${db === 0 ? "" : `, database ${db}`}${tls ? ", over TLS" : ""}`;
}
