import { Cluster, Redis } from "ioredis";
import type { ClusterOptions, RedisOptions } from "ioredis";
import { createChannelListener } from "./channel-listener.ts";
import type { ChannelListener, ChannelListenerOptions } from "./channel-listener.ts";
import { slotOf } from "./cluster-slot.ts";
import { addressOf } from "./redis-connection.ts";
import type { RedisAddress, RedisConnection } from "./redis-connection.ts";
import { noCluster, reasonOf, refusesCredentials, unavailable } from "./redis-error.ts";
import { addressFromText, nodeOf, servernameOf } from "./redis-node.ts";
import type { RedisRoutes } from "./redis-node.ts";
import { createRoutedConnections } from "./routed-connections.ts";
import type { RoutedConnections } from "./routed-connections.ts";

/** How long a command may take before it is given up, in milliseconds. */
export const COMMAND_TIMEOUT_MS = 5_000;
/** How long a connection may owe an answer before it is taken for dead and made anew, in milliseconds. */
export const SILENCE_LIMIT_MS = 10_000;
/** How long `createRedisStore` waits for Redis when nothing else is said, in milliseconds. */
export const DEFAULT_CONNECT_TIMEOUT_MS = 10_000;
/** How often a Cluster is asked which node has which slots, in milliseconds, besides when a node says that it has one no more. */
export const SLOTS_REFRESH_INTERVAL_MS = 2_000;
const LONGEST_PAUSE_BEFORE_RECONNECT_MS = 2_000;

/** The client for commands that are not in a hurry. */
export type CommandClient = Redis | Cluster;

/** The command that reaches the subscribers of a channel. */
export type PublishCommand = "PUBLISH" | "SPUBLISH";

/** What a store says about the messages that it hears. */
export type Hearing = Pick<ChannelListenerOptions, "onMessage" | "onGap">;

/** The connections of one store. How they are made, and what kind of Redis there is, is known here only. */
export interface RedisClients {
  readonly address: string;
  readonly cluster: boolean;
  readonly commands: CommandClient;
  /** Where scripts run. */
  readonly writes: RoutedConnections;
  /** Where logs are read: apart, so that no long reply holds up a write (L12). */
  readonly reads: RoutedConnections;
  readonly publishCommand: PublishCommand;
  /** Opens the one listener of the store. Connects when the first channel is subscribed to. */
  listen(hearing: Hearing): ChannelListener;
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
  const known = await probeRedis(connection, connectTimeoutMs);
  const commands = await connected(known, connectTimeoutMs);
  const cluster = commands instanceof Cluster;
  const routes = cluster ? clusterRoutes(known, commands) : serverRoutes(known, commands);
  const common = {
    routes,
    timeoutMs: COMMAND_TIMEOUT_MS,
    // The address leads to the new primary once it is connected to again; a Cluster tells of it by itself.
    onDemoted: () => (cluster ? routes.refresh() : commands.disconnect(true)),
  };
  const writes = createRoutedConnections({ ...common, name: "holdfast-writes" });
  const reads = createRoutedConnections({ ...common, name: "holdfast-log" });
  let listener: ChannelListener | undefined;
  let closed = false;
  // ioredis gives up for good when it is told to connect anew in the middle of asking a Sentinel.
  commands.on("end", () => {
    setTimeout(() => {
      if (!closed) commands.connect().catch(ignoreConnectionError);
    }, LONGEST_PAUSE_BEFORE_RECONNECT_MS).unref();
  });
  // After a failover the address leads elsewhere: what goes to the old primary must not go on.
  commands.on("close", () => {
    writes.drop();
    reads.drop();
    listener?.drop();
  });
  return {
    address: addressOf(known),
    cluster,
    commands,
    writes,
    reads,
    publishCommand: cluster ? "SPUBLISH" : "PUBLISH",
    listen: (hearing) =>
      (listener = createChannelListener({
        ...hearing,
        routes,
        name: "holdfast-subscriber",
        sharded: cluster,
        timeoutMs: COMMAND_TIMEOUT_MS,
      })),
    async close() {
      closed = true;
      listener?.close();
      writes.drop();
      reads.drop();
      await quit(commands);
    },
  };
}

/**
 * Asks the server whether it is a Cluster, unless that is known. Whoever may not ask is told so by the scheme
 * `redis+cluster`. Rejects as `openRedisClients` does.
 */
export async function probeRedis(
  connection: RedisConnection,
  connectTimeoutMs: number = DEFAULT_CONNECT_TIMEOUT_MS,
): Promise<RedisConnection> {
  if (connection.cluster !== undefined || connection.primary !== undefined) return connection;
  // Database 0 is on every server; a Cluster refuses any other before it says what it is.
  const client = createClient({ ...connection, db: 0 });
  try {
    await ready(client, addressOf(connection), connectTimeoutMs);
    const cluster = await client.info("cluster").then(
      (info) => info.includes("cluster_enabled:1"),
      () => false, // The user may not ask; a Cluster would be named by its scheme.
    );
    if (cluster && connection.db !== 0) {
      throw unavailable(
        `Redis at ${addressOf(connection)} is a Cluster, which has no database but 0; leave /${connection.db} out.`,
        undefined,
      );
    }
    return { ...connection, cluster };
  } finally {
    client.disconnect();
  }
}

/** ioredis infers the form of its replies from `replyMapping`; we take the default. */
export type ClientOptions = Omit<RedisOptions, "replyMapping">;

/** What ioredis needs to know of a server that is no Cluster, or of one node of it. */
export function clientOptions(connection: RedisConnection): ClientOptions {
  const { host, port, others = [], db, tls, primary } = connection;
  const place =
    primary === undefined
      ? { host, port }
      : {
          sentinels: [{ host, port }, ...others],
          name: primary,
          enableTLSForSentinelMode: tls,
        };
  return {
    ...place,
    db,
    ...entryOptions(connection),
    ...(tls && primary !== undefined ? { sentinelTLS: {} } : {}),
  };
}

/** How a server is entered. */
type EntryOptions = Pick<ClientOptions, "username" | "password" | "tls">;

function entryOptions(connection: RedisConnection): EntryOptions {
  const { username, password, tls } = connection;
  const servername = servernameOf(connection);
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls ? { tls: servername === undefined ? {} : { servername } } : {}),
  };
}

/**
 * What ioredis needs to know of a Cluster. Without auto-pipelining: of a pipeline of which some commands are sent on to
 * another node and some are not, it gives the redirections to the callers.
 */
export function clusterOptions(connection: RedisConnection): {
  readonly nodes: RedisAddress[];
  readonly options: Omit<ClusterOptions, "redisOptions"> & { readonly redisOptions: EntryOptions };
} {
  const { host, port, others = [] } = connection;
  return {
    nodes: [{ host, port }, ...others],
    options: {
      redisOptions: entryOptions(connection),
      // Names stay names: certificates carry them.
      dnsLookup: (name, callback) => callback(null, name),
      clusterRetryStrategy: reconnectAfterMs,
      // A command whose connection was lost may have been carried out: whether to try again is the caller's to decide.
      retryDelayOnFailover: 0,
      slotsRefreshInterval: SLOTS_REFRESH_INTERVAL_MS,
      slotsRefreshTimeout: COMMAND_TIMEOUT_MS,
    },
  };
}

/** Deliberately without effect: every command carries its own error, and ioredis reconnects by itself. */
export function ignoreConnectionError(): void {}

async function connected(connection: RedisConnection, limitMs: number): Promise<CommandClient> {
  const commands = connection.cluster ? createCluster(connection) : createClient(connection);
  try {
    await ready(commands, addressOf(connection), limitMs);
    if (commands instanceof Cluster) await allConnected(commands);
    return commands;
  } catch (error) {
    commands.disconnect();
    throw error;
  }
}

/**
 * Connects to all nodes that are there now: without this, ioredis connects to a node when it has a command for it, and
 * refuses those that come meanwhile.
 */
async function allConnected(cluster: Cluster): Promise<void> {
  await Promise.allSettled(cluster.nodes().map(connectNode));
  cluster.on("+node", (node: Redis) => void connectNode(node).catch(ignoreConnectionError));
}

async function connectNode(node: Redis): Promise<void> {
  if (node.status === "wait") return node.connect();
  if (node.status === "ready") return;
  await new Promise<void>((resolve) => {
    for (const name of ["ready", "end"]) node.once(name, () => resolve());
  });
}

const CLIENT_OPTIONS = {
  connectionName: "holdfast",
  commandTimeout: COMMAND_TIMEOUT_MS,
  connectTimeout: COMMAND_TIMEOUT_MS,
  socketTimeout: SILENCE_LIMIT_MS,
  // Sent twice, a post without a key would be two: whether to try again is the caller's to decide.
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
} satisfies ClientOptions;

function createClient(connection: RedisConnection): Redis {
  const client = new Redis({
    ...clientOptions(connection),
    ...CLIENT_OPTIONS,
    enableAutoPipelining: true,
    // A command that waited here and was given up would still be sent later: better that the caller tries again.
    enableOfflineQueue: false,
    retryStrategy: reconnectAfterMs,
    sentinelRetryStrategy: reconnectAfterMs,
    // After a failover the old primary may go on as a replica; the address then leads to the new one.
    reconnectOnError: (error) => error.message.startsWith("READONLY"),
  });
  client.on("error", ignoreConnectionError);
  return client;
}

function createCluster(connection: RedisConnection): Cluster {
  const { nodes, options } = clusterOptions(connection);
  const cluster = new Cluster(nodes, {
    ...options,
    redisOptions: { ...options.redisOptions, ...CLIENT_OPTIONS },
    enableOfflineQueue: false,
  });
  cluster.on("error", ignoreConnectionError);
  return cluster;
}

function reconnectAfterMs(times: number): number {
  return Math.min(25 * 2 ** Math.min(times, 10), LONGEST_PAUSE_BEFORE_RECONNECT_MS);
}

/** One server, or the one that the Sentinels name: that is where the client for commands is connected to. */
function serverRoutes(connection: RedisConnection, client: Redis): RedisRoutes {
  return {
    addressOf() {
      if (connection.primary === undefined) return connection;
      const { remoteAddress, remotePort } = client.stream;
      if (client.status !== "ready" || remoteAddress === undefined || remotePort === undefined)
        return undefined;
      return { host: remoteAddress, port: remotePort };
    },
    node: (address) => nodeOf(connection, address),
    // It connects again by itself.
    refresh() {},
  };
}

/** The slots as the client for commands knows them. */
function clusterRoutes(connection: RedisConnection, client: Cluster): RedisRoutes {
  return {
    addressOf(key) {
      const [text] = client.slots[slotOf(key)] ?? [];
      return text === undefined ? undefined : addressFromText(text, connection);
    },
    node: (address: RedisAddress) => nodeOf(connection, address),
    refresh() {
      if (client.status === "ready") client.refreshSlotsCache();
    },
  };
}

function ready(client: CommandClient, address: string, limitMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let last: unknown;
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      client.off("ready", onReady);
      for (const name of TROUBLE) client.off(name, onError);
      act();
    };
    const onReady = (): void => settle(resolve);
    const onError = (error: Error): void => {
      last = error;
      if (refusesCredentials(error)) {
        settle(() => reject(unavailable(`Redis at ${address} refuses the credentials.`, undefined)));
      }
      if (noCluster(error))
        settle(() => reject(unavailable(`Redis at ${address} is no Cluster.`, undefined)));
    };
    const timer = setTimeout(() => {
      const message = `Redis at ${address} does not answer (${reasonOf(last)}); gave up after ${limitMs} ms.`;
      settle(() => reject(unavailable(message, undefined)));
    }, limitMs);
    client.once("ready", onReady);
    for (const name of TROUBLE) client.on(name, onError);
  });
}

/** What a client says of trouble; a Cluster says more of its nodes. */
const TROUBLE = ["error", "node error"] as const;

async function quit(client: CommandClient): Promise<void> {
  try {
    if (client.status === "ready") await client.quit();
  } catch {
    // It is gone already, which is what was wanted.
  } finally {
    client.disconnect();
  }
}
