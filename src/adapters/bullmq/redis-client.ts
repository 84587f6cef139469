import { Cluster, Redis } from "ioredis";
import type { RedisOptions } from "ioredis";
import { settlesWithin } from "../local/settles-within.ts";

/** Where Redis (or Valkey) is: what ioredis takes, or what the Redis store takes, where `tls` may be just `true`. */
export type BullmqConnection = Omit<RedisOptions, "tls"> & {
  readonly tls?: boolean | RedisOptions["tls"];
  /** Whether it is a Cluster, of which host and port name one node. Default false. */
  readonly cluster?: boolean;
  /** More nodes of the Cluster, or more Sentinels. */
  readonly others?: readonly BullmqAddress[];
  /** What the Sentinels call the primary; host, port and `others` are then the Sentinels. */
  readonly primary?: string;
};

export interface BullmqAddress {
  readonly host: string;
  readonly port: number;
}

/** A connection as BullMQ takes it. */
export type BullmqClient = Redis | Cluster;

/**
 * How long Redis may owe an answer before the connection is taken for dead and made anew, in milliseconds. More than the
 * 10 s for which BullMQ lets it wait on purpose.
 */
const SILENCE_LIMIT_MS = 15_000;
/** The longest pause between two attempts to connect again, in milliseconds. */
const LONGEST_RECONNECT_MS = 1_000;
/** How long Redis may take to say good-bye, in milliseconds. */
const QUIT_LIMIT_MS = 2_000;
/** How often a Cluster is asked which node has which slots, in milliseconds. */
const SLOTS_REFRESH_INTERVAL_MS = 2_000;

/**
 * Opens a connection as BullMQ needs it: commands wait for as long as Redis is away (callers set the limits), and a
 * master that a failover made a replica is left for its successor.
 */
export function connectRedis(connection: BullmqConnection, onError: (error: unknown) => void): BullmqClient {
  const client = connection.cluster ? openCluster(connection) : openServer(connection);
  client.on("error", onError);
  return client;
}

/** Another connection to the same, for what must have one of its own. */
export function duplicateOf(client: BullmqClient): BullmqClient {
  return client instanceof Cluster ? client.duplicate() : client.duplicate();
}

/** Closes a connection, politely if somebody is there to hear it. Never rejects. */
export async function disconnectRedis(client: BullmqClient): Promise<void> {
  if (client.status === "ready" && (await settlesWithin(client.quit(), QUIT_LIMIT_MS))) return;
  client.disconnect();
}

/** For people: where the connection leads. */
export function addressOf(connection: BullmqConnection): string {
  const { path, sentinels, primary, cluster } = connection;
  if (primary !== undefined || sentinels) return "by Sentinel";
  const { host, port } = addressFrom(connection);
  return path ?? `${cluster ? "Cluster " : ""}${host}:${port}`;
}

function openServer({ cluster: _none, others = [], primary, ...connection }: BullmqConnection): Redis {
  const { host, port, ...rest } = addressFrom(connection);
  const place =
    primary === undefined
      ? { host, port }
      : {
          sentinels: [{ host, port }, ...others],
          name: primary,
          enableTLSForSentinelMode: Boolean(connection.tls),
          ...(connection.tls ? { sentinelTLS: {} } : {}),
        };
  return new Redis({
    ...COMMON,
    retryStrategy: reconnectAfterMs,
    sentinelRetryStrategy: reconnectAfterMs,
    reconnectOnError: (error) => (error.message.startsWith("READONLY") ? 2 : false),
    ...withTls(rest, host),
    ...place,
    maxRetriesPerRequest: null,
    replyMapping: "legacy",
  });
}

function openCluster({
  cluster: _itIs,
  others = [],
  primary: _none,
  ...connection
}: BullmqConnection): Cluster {
  const { host, port, db: _onlyOne, ...rest } = addressFrom(connection);
  return new Cluster([{ host, port }, ...others], {
    redisOptions: { ...COMMON, ...withTls(rest, host), maxRetriesPerRequest: null, replyMapping: "legacy" },
    // Names stay names: certificates carry them.
    dnsLookup: (name, callback) => callback(null, name),
    clusterRetryStrategy: reconnectAfterMs,
    slotsRefreshInterval: SLOTS_REFRESH_INTERVAL_MS,
  });
}

const COMMON = { socketTimeout: SILENCE_LIMIT_MS } as const;

function reconnectAfterMs(attempt: number): number {
  return Math.min(attempt * 100, LONGEST_RECONNECT_MS);
}

function addressFrom<Connection extends Pick<RedisOptions, "host" | "port">>(
  connection: Connection,
): Connection & BullmqAddress {
  return { ...connection, host: connection.host ?? "localhost", port: connection.port ?? 6379 };
}

/** Servers that a Cluster or a Sentinel tells of may come as bare addresses, which certificates seldom have. */
function withTls(
  { tls, ...options }: Omit<RedisOptions, "tls"> & Pick<BullmqConnection, "tls">,
  host: string,
): RedisOptions {
  if (!tls) return options;
  if (tls !== true) return { ...options, tls };
  return { ...options, tls: /[a-z]/i.test(host) && !host.includes(":") ? { servername: host } : {} };
}
