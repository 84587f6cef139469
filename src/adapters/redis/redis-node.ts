import type { RedisAddress, RedisConnection } from "./redis-connection.ts";

/** How to reach one server, and how to enter it. */
export interface RedisNode extends RedisAddress {
  readonly username?: string;
  readonly password?: string;
  readonly db: number;
  readonly tls: boolean;
  /** The name that the server's certificate must carry. Absent: that of the host. */
  readonly servername?: string;
}

/** Tells where things are now: servers change places, and on a Cluster keys change servers. */
export interface RedisRoutes {
  /** The address of the server that has a key, as far as is known; undefined when nobody knows one now. */
  addressOf(key: string): RedisAddress | undefined;
  /** How to enter the server at an address. */
  node(address: RedisAddress): RedisNode;
  /** Asks where things are, since what was said no longer holds. Does not wait for it. */
  refresh(): void;
}

/** A server of a connection, with the same credentials as all of them. */
export function nodeOf(connection: RedisConnection, { host, port }: RedisAddress): RedisNode {
  const { username, password, db, tls } = connection;
  const name = servernameOf(connection);
  return {
    host,
    port,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    db,
    tls,
    ...(name === undefined ? {} : { servername: name }),
  };
}

/**
 * What certificates are compared with: the name that was given, since servers that a Cluster or a Sentinel tells of may
 * come as bare addresses, which certificates seldom have.
 */
export function servernameOf({ host, tls }: RedisConnection): string | undefined {
  return tls && /[a-z]/i.test(host) && !host.includes(":") ? host : undefined;
}

/** Reads an address as Redis writes it, `host:port`; without a host it is that of the server that said so. */
export function addressFromText(text: string, from: RedisAddress): RedisAddress | undefined {
  const colon = text.lastIndexOf(":");
  const port = Number(text.slice(colon + 1));
  if (colon === -1 || !Number.isInteger(port) || port <= 0) return undefined;
  return { host: text.slice(0, colon) || from.host, port };
}
