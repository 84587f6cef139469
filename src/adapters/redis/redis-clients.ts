import { Redis } from "ioredis";
import type { RedisOptions } from "ioredis";
import { createLogConnection } from "./log-connection.ts";
import type { LogConnection } from "./log-connection.ts";
import { addressOf } from "./redis-connection.ts";
import type { RedisConnection } from "./redis-connection.ts";
import { reasonOf, refusesCredentials, unavailable } from "./redis-error.ts";

/** How long a command may take before it is given up, in milliseconds. */
export const COMMAND_TIMEOUT_MS = 5_000;
/** How long a connection may owe an answer before it is taken for dead and made anew, in milliseconds. */
export const SILENCE_LIMIT_MS = 10_000;
/** How long `createRedisStore` waits for Redis when nothing else is said, in milliseconds. */
export const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;
const LONGEST_PAUSE_BEFORE_RECONNECT_MS = 2_000;

/** The connection for commands. A Cluster client has the same methods. */
export type CommandClient = Redis;
/** The connection on which published messages are heard. */
export type SubscriberClient = Redis;

/** The connections of one store. How they are made is known here only. */
export interface RedisClients {
  readonly address: string;
  readonly commands: CommandClient;
  /** Where logs are read. */
  readonly log: LogConnection;
  /** The command that reaches the subscribers of a channel. */
  readonly publishCommand: "PUBLISH";
  /** Made when first asked for: a process that only writes has none. */
  subscriber(): SubscriberClient;
  /** Lets go of all connections. May be called again. */
  close(): Promise<void>;
}

/**
 * Connects, trying again until the time is over. Rejects with `store_unavailable`, in one line that names host and port;
 * at once when the credentials are refused.
 */
export async function openRedisClients(
  connection: RedisConnection,
  connectTimeoutMs: number,
): Promise<RedisClients> {
  const address = addressOf(connection);
  const commands = createClient(connection, {
    connectionName: "holdfast",
    enableAutoPipelining: true,
    // A command that waited here and was given up would still be sent later: better that the caller tries again.
    enableOfflineQueue: false,
  });
  let subscriber: SubscriberClient | undefined;
  try {
    await ready(commands, address, connectTimeoutMs);
  } catch (error) {
    commands.disconnect();
    throw error;
  }
  const log = createLogConnection({ connection, timeoutMs: COMMAND_TIMEOUT_MS });
  // After a failover the address leads elsewhere: what was read from the old primary must not go on.
  commands.on("close", () => log.drop());
  return {
    address,
    commands,
    log,
    publishCommand: "PUBLISH",
    subscriber: () =>
      (subscriber ??= createClient(connection, {
        connectionName: "holdfast-subscriber",
        // Subscribing twice is subscribing once, so what was asked while the connection was away may be sent later.
        autoResendUnfulfilledCommands: true,
        maxRetriesPerRequest: null,
      })),
    async close() {
      log.drop();
      await Promise.all([quit(commands), subscriber && quit(subscriber)]);
    },
  };
}

/** ioredis infers the form of its replies from `replyMapping`; we take the default. */
export type ClientOptions = Omit<RedisOptions, "replyMapping">;

/** What ioredis needs to know of a server. */
export function clientOptions({ tls, ...connection }: RedisConnection): ClientOptions {
  return { ...connection, ...(tls ? { tls: {} } : {}) };
}

/** Deliberately without effect: every command carries its own error, and ioredis reconnects by itself. */
export function ignoreConnectionError(): void {}

function createClient(connection: RedisConnection, options: ClientOptions): Redis {
  const client = new Redis({
    ...clientOptions(connection),
    commandTimeout: COMMAND_TIMEOUT_MS,
    connectTimeout: COMMAND_TIMEOUT_MS,
    socketTimeout: SILENCE_LIMIT_MS,
    // Sent twice, a post without a key would be two: whether to try again is the caller's to decide.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (times) => Math.min(25 * 2 ** Math.min(times, 10), LONGEST_PAUSE_BEFORE_RECONNECT_MS),
    // After a failover the old primary may go on as a replica; the address then leads to the new one.
    reconnectOnError: (error) => error.message.startsWith("READONLY"),
    ...options,
  });
  client.on("error", ignoreConnectionError);
  return client;
}

function ready(client: Redis, address: string, limitMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let last: unknown;
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      client.off("ready", onReady);
      client.off("error", onError);
      act();
    };
    const onReady = (): void => settle(resolve);
    const onError = (error: Error): void => {
      last = error;
      if (!refusesCredentials(error)) return;
      settle(() => reject(unavailable(`Redis at ${address} refuses the credentials.`, undefined)));
    };
    const timer = setTimeout(() => {
      const message = `Redis at ${address} does not answer (${reasonOf(last)}); gave up after ${limitMs} ms.`;
      settle(() => reject(unavailable(message, undefined)));
    }, limitMs);
    client.once("ready", onReady);
    client.on("error", onError);
  });
}

async function quit(client: Redis): Promise<void> {
  try {
    if (client.status === "ready") await client.quit();
  } catch {
    // It is gone already, which is what was wanted.
  } finally {
    client.disconnect();
  }
}
