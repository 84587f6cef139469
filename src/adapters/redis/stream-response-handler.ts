import { Cluster, Redis } from "ioredis";
import { parseConversationReference, parseCursor, START } from "../../core/index.ts";
import type { ConversationId } from "../../core/index.ts";
import {
  clientOptions,
  clusterOptions,
  COMMAND_TIMEOUT_MS,
  ignoreConnectionError,
  probeRedis,
} from "./redis-clients.ts";
import type { ClientOptions, CommandClient } from "./redis-clients.ts";
import { addressOf, parseRedisConnection } from "./redis-connection.ts";
import type { RedisConnection } from "./redis-connection.ts";
import { reasonOf } from "./redis-error.ts";
import { createKeyspace } from "./redis-keys.ts";
import type { Keyspace } from "./redis-keys.ts";
import { chunksAfter, errorAt, LONGEST_WAIT_MS } from "./stream-chunks.ts";
import type { StreamChunk } from "./stream-chunks.ts";

export interface RedisStreamResponseHandlerOptions {
  /** A connection string, or a client whose settings are taken; the client itself stays untouched. */
  readonly redis: string | Redis | Cluster;
  /** As the store has it. Default: nothing. */
  readonly keyPrefix?: string;
}

export interface ReadStreamOptions {
  /** Ends the reading, without another chunk. */
  readonly signal?: AbortSignal;
}

/**
 * Reads an answer straight from Redis, without Holdfast running: what the samples' class of this name does, on streams
 * of Holdfast and on those of the samples' own writers. Entries are pushed by a blocking read, on a connection of its
 * own for each reading.
 *
 * A reading ends with the first end of a run after its cursor (`isDone`), or with `error`: of the run, of Redis, or
 * because the stream is missing or has expired, which is told at once, not after minutes; a run that was accepted and has
 * not begun yet is waited for. A cursor at the end of what there will be gives `isDone` at once.
 *
 * Text that a restarted step withdrew is left out when it is read after the fact. A reader who has it already cannot
 * unsee it, and is not told: for that, read with the store or over HTTP.
 *
 * @example
 * const handler = new RedisStreamResponseHandler({ redis: "redis://localhost:6379" });
 * for await (const chunk of handler.readStream(conversationId)) process.stdout.write(chunk.text ?? "");
 */
export class RedisStreamResponseHandler {
  readonly #connect: () => Promise<CommandClient>;
  readonly #address: string;
  readonly #keyspace: Keyspace;

  /** Throws TypeError when the connection string or the prefix is wrong. Connects to nothing yet. */
  constructor({ redis, keyPrefix = "" }: RedisStreamResponseHandlerOptions) {
    if (typeof redis === "string") {
      const connection = parseRedisConnection(redis);
      this.#address = addressOf(connection);
      let probed: RedisConnection | undefined;
      this.#connect = async () => clientOf((probed ??= await probeRedis(connection)));
    } else if (redis instanceof Cluster) {
      this.#address = "a Cluster";
      this.#connect = async () => redis.duplicate([], { redisOptions: NODE_OPTIONS });
    } else {
      const { host = "localhost", port = 6379 } = redis.options;
      this.#address = addressOf({ host, port });
      this.#connect = async () => redis.duplicate(READER_OPTIONS);
    }
    this.#keyspace = createKeyspace({ keyPrefix, db: 0 });
  }

  /**
   * The chunks after a cursor, or from the first that is kept. Throws `invalid_id` and `invalid_cursor` for what cannot
   * be one; everything else comes as a chunk with `error`.
   */
  async *readStream(
    conversationId: string,
    cursor?: string | null,
    { signal }: ReadStreamOptions = {},
  ): AsyncGenerator<StreamChunk> {
    const keys = this.#keyspace.of(parseConversationReference(conversationId).id);
    const literal = this.#keyspace.of(conversationId as ConversationId).stream;
    const after = cursor ? parseCursor(cursor) : START;
    if (signal?.aborted) return;
    let position: string = after;
    let client: CommandClient | undefined;
    const onAbort = (): void => client?.disconnect();
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      client = await this.#connect();
      client.on("error", ignoreConnectionError);
      if (signal?.aborted) return;
      // The .NET sample names its streams by the whole durable-entity form, we by the key in it.
      const theirs = literal !== keys.stream && (await client.exists(literal)) === 1;
      for await (const chunk of chunksAfter(client, theirs ? { ...keys, stream: literal } : keys, after)) {
        position = chunk.entryId;
        yield chunk;
      }
    } catch (error) {
      if (!signal?.aborted) yield errorAt(position, `Redis at ${this.#address} failed: ${reasonOf(error)}`);
    } finally {
      signal?.removeEventListener("abort", onAbort);
      client?.disconnect();
    }
  }
}

const NODE_OPTIONS = {
  connectionName: "holdfast-reader",
  autoResendUnfulfilledCommands: false,
  connectTimeout: COMMAND_TIMEOUT_MS,
  commandTimeout: LONGEST_WAIT_MS + COMMAND_TIMEOUT_MS,
} satisfies ClientOptions;

const READER_OPTIONS: ClientOptions = {
  ...NODE_OPTIONS,
  enableAutoPipelining: false,
  enableOfflineQueue: true,
  lazyConnect: false,
  // A reading that loses its connection says so; the caller resumes by cursor.
  retryStrategy: null,
};

function clientOf(connection: RedisConnection): CommandClient {
  if (!connection.cluster) return new Redis({ ...clientOptions(connection), ...READER_OPTIONS });
  const { nodes, options } = clusterOptions(connection);
  return new Cluster(nodes, { ...options, redisOptions: { ...options.redisOptions, ...NODE_OPTIONS } });
}
