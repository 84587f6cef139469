import { Redis } from "ioredis";
import { isVoided, parseConversationReference, parseCursor, START } from "../../core/index.ts";
import type { Cursor, VoidedRange } from "../../core/index.ts";
import { clientOptions, COMMAND_TIMEOUT_MS, ignoreConnectionError } from "./redis-clients.ts";
import type { ClientOptions } from "./redis-clients.ts";
import { addressOf, parseRedisConnection } from "./redis-connection.ts";
import { rangeFromText } from "./redis-conversations.ts";
import { recordOf } from "./redis-entry.ts";
import type { RedisEntry } from "./redis-entry.ts";
import { reasonOf } from "./redis-error.ts";
import { createKeyspace } from "./redis-keys.ts";
import type { ConversationKeys } from "./redis-keys.ts";
import { isGone, situationOf } from "./stream-situation.ts";
import type { StreamFacts } from "./stream-situation.ts";

/** A piece of a stream, as the samples' readers give it. */
export interface StreamChunk {
  /** The entry's id: the cursor that continues after it. */
  readonly entryId: string;
  readonly text: string | null;
  /** The run has ended; nothing follows. */
  readonly isDone: boolean;
  /** Why there is nothing more to read; nothing follows. */
  readonly error: string | null;
}

export interface RedisStreamResponseHandlerOptions {
  /** A connection string, or a client whose settings are taken; the client itself stays untouched. */
  readonly redis: string | Redis;
  /** As the store has it. Default: nothing. */
  readonly keyPrefix?: string;
}

export interface ReadStreamOptions {
  /** Ends the reading, without another chunk. */
  readonly signal?: AbortSignal;
}

/** How many entries one command asks for, as in the samples. */
const PAGE_SIZE = 100;
/** How long a wait for new entries may last before it is looked at whether the stream is still there, in milliseconds. */
const LONGEST_WAIT_MS = 5_000;

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
  readonly #connect: () => Redis;
  readonly #keysOf: (conversationId: string) => ConversationKeys;

  /** Throws TypeError when the connection string or the prefix is wrong. Connects to nothing yet. */
  constructor({ redis, keyPrefix = "" }: RedisStreamResponseHandlerOptions) {
    if (typeof redis === "string") {
      const options = clientOptions(parseRedisConnection(redis));
      this.#connect = () => new Redis({ ...options, ...READER_OPTIONS });
    } else {
      this.#connect = () => redis.duplicate(READER_OPTIONS);
    }
    const keyspace = createKeyspace({ keyPrefix, db: 0 });
    this.#keysOf = (conversationId) => keyspace.of(parseConversationReference(conversationId).id);
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
    const keys = this.#keysOf(conversationId);
    const after = cursor ? parseCursor(cursor) : START;
    if (signal?.aborted) return;
    const client = this.#connect();
    client.on("error", ignoreConnectionError);
    const onAbort = (): void => client.disconnect();
    signal?.addEventListener("abort", onAbort, { once: true });
    let position: string = after;
    try {
      for await (const chunk of chunksAfter(client, keys, after)) {
        position = chunk.entryId;
        yield chunk;
      }
    } catch (error) {
      if (!signal?.aborted) yield errorAt(position, `${nameOf(client)} failed: ${reasonOf(error)}`);
    } finally {
      signal?.removeEventListener("abort", onAbort);
      client.disconnect();
    }
  }
}

const READER_OPTIONS: ClientOptions = {
  connectionName: "holdfast-reader",
  enableAutoPipelining: false,
  enableOfflineQueue: true,
  lazyConnect: false,
  // A reading that loses its connection says so; the caller resumes by cursor.
  retryStrategy: null,
  autoResendUnfulfilledCommands: false,
  connectTimeout: COMMAND_TIMEOUT_MS,
  commandTimeout: LONGEST_WAIT_MS + COMMAND_TIMEOUT_MS,
};

const EXPIRED = "Stream not found or has expired.";
const BEYOND = "The cursor is beyond the end of the stream.";

async function* chunksAfter(
  client: Redis,
  keys: ConversationKeys,
  start: Cursor,
): AsyncGenerator<StreamChunk> {
  let position = start;
  let facts = await factsOf(client, keys);
  if (isGone(start, facts)) return yield errorAt(start, EXPIRED);
  let waitMs = 0;
  for (;;) {
    const entries = await readAfter(client, keys.stream, position, waitMs);
    const voided = await voidedOf(client, keys, entries, waitMs === 0);
    for (const entry of entries) {
      position = parseCursor(entry[0]);
      const chunk = chunkOf(entry);
      if (!chunk || (chunk.text !== null && isVoided(position, voided))) continue;
      yield chunk;
      if (chunk.isDone || chunk.error !== null) return;
    }
    if (entries.length > 0) continue;
    facts = await factsOf(client, keys);
    const situation = situationOf(position, facts);
    if (situation === "ended") return yield { entryId: position, text: null, isDone: true, error: null };
    if (situation === "expired") return yield errorAt(position, EXPIRED);
    if (situation === "beyond") return yield errorAt(position, BEYOND);
    waitMs = waitFor(facts);
  }
}

/** Up to the moment at which the stream goes, and never longer than the limit; 0 would be for ever. */
function waitFor({ remainingMs }: StreamFacts): number {
  return remainingMs < 0 ? LONGEST_WAIT_MS : Math.max(1, Math.min(LONGEST_WAIT_MS, remainingMs + 1));
}

async function readAfter(
  client: Redis,
  stream: string,
  after: Cursor,
  waitMs: number,
): Promise<readonly RedisEntry[]> {
  const streams =
    waitMs === 0
      ? await client.xread("COUNT", PAGE_SIZE, "STREAMS", stream, after)
      : await client.xread("COUNT", PAGE_SIZE, "BLOCK", waitMs, "STREAMS", stream, after);
  return streams?.[0]?.[1] ?? [];
}

/** What is void among the entries. Asked after them, so that a reset among them is known. */
async function voidedOf(
  client: Redis,
  keys: ConversationKeys,
  entries: readonly RedisEntry[],
  catchingUp: boolean,
): Promise<readonly VoidedRange[]> {
  const matters = catchingUp || entries.some(([, list]) => recordOf(list)["event"] === "step-reset");
  return matters ? (await client.lrange(keys.voided, 0, -1)).map(rangeFromText) : [];
}

/** Undefined for entries that say nothing to a reader of text. */
function chunkOf([entryId, list]: RedisEntry): StreamChunk | undefined {
  const { text, done, error } = recordOf(list) as Partial<Record<"text" | "done" | "error", string>>;
  if (error) return errorAt(entryId, error);
  if (done === "true") return { entryId, text: null, isDone: true, error: null };
  return text ? { entryId, text, isDone: false, error: null } : undefined;
}

function errorAt(entryId: string, error: string): StreamChunk {
  return { entryId, text: null, isDone: false, error };
}

async function factsOf(client: Redis, keys: ConversationKeys): Promise<StreamFacts> {
  const [[newest], remainingMs, [tip, settled, base], inbox] = await Promise.all([
    client.xrevrange(keys.stream, "+", "-", "COUNT", 1),
    client.pttl(keys.stream),
    client.hmget(keys.conversation, "tip", "settled", "base"),
    client.hvals(keys.inbox),
  ]);
  const conversation =
    tip && settled && base
      ? {
          tip: parseCursor(tip),
          settled: parseCursor(settled),
          base: parseCursor(base),
          runsWaiting: inbox.some((item) => item.startsWith('{"kind":"run"')),
        }
      : undefined;
  return { newest, remainingMs, conversation };
}

function nameOf(client: Redis): string {
  const { host = "localhost", port = 6379 } = client.options;
  return `Redis at ${addressOf({ host, port })}`;
}
