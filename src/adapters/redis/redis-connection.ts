/** Where a Redis server is and how to enter it, as a connection string says it. */
export interface RedisConnection {
  readonly host: string;
  readonly port: number;
  readonly username?: string;
  readonly password?: string;
  /** The number of the database. Default 0. */
  readonly db: number;
  readonly tls: boolean;
}

const DEFAULT_PORT = 6379;

/**
 * Reads `redis://`, `rediss://` (TLS) or `host:port`, each with `user:password@` before the host and `/<db>` after it.
 * Throws TypeError saying which part is wrong; of what was given it repeats only the scheme, since anything else may be
 * a piece of a password.
 *
 * @example parseRedisConnection("rediss://user:p%40ss@redis.example:6380/2")
 */
export function parseRedisConnection(text: string): RedisConnection {
  const trimmed = text.trim();
  if (trimmed === "") throw wrong("is empty");
  if (/,\s*(password|ssl|user|abortConnect)\s*=/i.test(trimmed)) {
    throw wrong("is in the form of StackExchange.Redis; write rediss://:<password>@<host>:<port>");
  }
  const url = parseUrl(trimmed.includes("://") ? trimmed : `redis://${trimmed}`);
  const tls = isTls(url);
  if (url.search !== "" || url.hash !== "") {
    throw wrong("has a ? or #; parameters are not understood, and in a password write %3F or %23");
  }
  const username = decode(url.username);
  const password = decode(url.password);
  return {
    host: hostOf(url),
    port: portOf(url),
    ...(username === "" ? {} : { username }),
    ...(password === "" ? {} : { password }),
    db: databaseOf(url),
    tls,
  };
}

/** The server for people: host and port, never the credentials. */
export function addressOf({ host, port }: Pick<RedisConnection, "host" | "port">): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function parseUrl(text: string): URL {
  try {
    return new URL(text);
  } catch {
    // The reason repeats the whole input, password and all.
    throw wrong(
      "cannot be parsed; percent-encode special characters of the password, and give a port as a number",
    );
  }
}

function isTls(url: URL): boolean {
  const scheme = url.protocol.slice(0, -1);
  if (scheme === "rediss") return true;
  if (scheme === "redis") return false;
  throw wrong(`has the scheme ${scheme}, which is neither redis nor rediss`);
}

function hostOf(url: URL): string {
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  if (host === "") throw wrong("names no host");
  return decode(host);
}

function portOf(url: URL): number {
  const port = url.port === "" ? DEFAULT_PORT : Number(url.port);
  if (port === 0) throw wrong("has the port 0");
  return port;
}

function databaseOf(url: URL): number {
  const path = url.pathname.replace(/^\//, "");
  if (path === "") return 0;
  const db = Number(path);
  if (!/^\d{1,5}$/.test(path)) throw wrong("has something after the / that is not the number of a database");
  return db;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw wrong("has a % that encodes nothing; write %25 for a percent sign");
  }
}

function wrong(what: string): TypeError {
  return new TypeError(
    `The Redis connection string ${what}. Expected redis://[user:password@]host[:port][/db], rediss://… for TLS, or host:port.`,
  );
}
