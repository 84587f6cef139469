import { Redis } from "ioredis";
import type { RedisOptions } from "ioredis";
import { settlesWithin } from "../local/settles-within.ts";

/** Where Redis (or Valkey) is: what ioredis takes, or what the Redis store takes, where `tls` may be just `true`. */
export type BullmqConnection = Omit<RedisOptions, "tls"> & {
  readonly tls?: boolean | RedisOptions["tls"];
};

/**
 * How long Redis may owe an answer before the connection is taken for dead and made anew, in milliseconds. More than the
 * 10 s for which BullMQ lets it wait on purpose.
 */
const SILENCE_LIMIT_MS = 15_000;
/** The longest pause between two attempts to connect again, in milliseconds. */
const LONGEST_RECONNECT_MS = 1_000;
/** How long Redis may take to say good-bye, in milliseconds. */
const QUIT_LIMIT_MS = 2_000;

/**
 * Opens a connection as BullMQ needs it: commands wait for as long as Redis is away (callers set the limits), and a
 * master that a failover made a replica is left for its successor.
 */
export function connectRedis(connection: BullmqConnection, onError: (error: unknown) => void): Redis {
  const { tls, ...options } = connection;
  const client = new Redis({
    socketTimeout: SILENCE_LIMIT_MS,
    retryStrategy: (attempt) => Math.min(attempt * 100, LONGEST_RECONNECT_MS),
    reconnectOnError: (error) => (error.message.startsWith("READONLY") ? 2 : false),
    ...options,
    ...(tls ? { tls: tls === true ? {} : tls } : {}),
    maxRetriesPerRequest: null,
    replyMapping: "legacy",
  });
  client.on("error", onError);
  return client;
}

/** Closes a connection, politely if somebody is there to hear it. Never rejects. */
export async function disconnectRedis(client: Redis): Promise<void> {
  if (client.status === "ready" && (await settlesWithin(client.quit(), QUIT_LIMIT_MS))) return;
  client.disconnect();
}
