import type { Cluster, Redis } from "ioredis";
import { needs, redisAdapter, redisConnection } from "./open-store.ts";

/** A plain way into a Redis, beside the store: to look at the server itself, and to clean up. */
export interface RedisDoor {
  /** Host and port, never the credentials. */
  readonly address: string;
  readonly db: number;
  readonly client: Redis | Cluster;
  /** The servers that hold keys: one, or each primary of a Cluster. */
  readonly primaries: () => readonly Redis[];
  readonly close: () => Promise<void>;
}

/** How long a server may take to let us in, in milliseconds. */
const CONNECT_LIMIT_MS = 5_000;

/** Connects. Rejects with `store_unavailable`, in one line that names host and port. */
export async function openRedisDoor(connectionString: string): Promise<RedisDoor> {
  const { parseRedisConnection } = await redisAdapter();
  const { openRedisClients } = await import("../adapters/redis/redis-clients.ts").catch(needs("ioredis"));
  const connection = redisConnection(parseRedisConnection, connectionString);
  const clients = await openRedisClients(connection, CONNECT_LIMIT_MS);
  const { address, commands } = clients;
  return {
    address,
    db: connection.db,
    client: commands,
    primaries: () => ("nodes" in commands ? commands.nodes("master") : [commands]),
    close: () => clients.close(),
  };
}

/** What the server says of itself under a heading of INFO. */
export async function redisInfo(redis: Redis, section: string): Promise<ReadonlyMap<string, string>> {
  const text = await redis.info(section);
  return new Map(
    text.split(/\r?\n/).flatMap((line): [string, string][] => {
      const colon = line.indexOf(":");
      return colon > 0 && !line.startsWith("#") ? [[line.slice(0, colon), line.slice(colon + 1)]] : [];
    }),
  );
}
