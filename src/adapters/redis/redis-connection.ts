/** One server. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

/** Where Redis is and how to enter it, as a connection string says it. */
export interface RedisConnection extends RedisAddress {
  readonly username?: string;
  readonly password?: string;
  /** The number of the database. Default 0. */
  readonly db: number;
  readonly tls: boolean;
  /** More servers to ask when the first does not answer: nodes of a Cluster, or Sentinels. */
  readonly others?: readonly RedisAddress[];
  /** Whether it is a Cluster. Absent: the server is asked. */
  readonly cluster?: boolean;
  /** What the Sentinels call the primary. Absent: the servers named here are no Sentinels. */
  readonly primary?: string;
}

const DEFAULT_PORT = 6379;
const DEFAULT_SENTINEL_PORT = 26379;

/**
 * Reads `redis://`, `rediss://` (TLS) or `host:port`, each with `user:password@` before the host and `/<db>` after it.
 * Several hosts, set apart by commas, are nodes of a Cluster, as are those of `redis+cluster://`; those of
 * `redis-sentinel://host:port,host:port/<name of the primary>[/<db>]` are Sentinels (`rediss+cluster://` and
 * `rediss-sentinel://` with TLS). Throws TypeError saying which part is wrong; of what was given it repeats only the
 * scheme, since anything else may be a piece of a password.
 *
 * @example parseRedisConnection("rediss://user:p%40ss@redis.example:6380/2")
 */
export function parseRedisConnection(text: string): RedisConnection {
  const trimmed = text.trim();
  if (trimmed === "") throw wrong("is empty");
  if (/,\s*(password|ssl|user|abortConnect)\s*=/i.test(trimmed)) {
    throw wrong("is in the form of StackExchange.Redis; write rediss://:<password>@<host>:<port>");
  }
  const { first, others } = splitHosts(trimmed.includes("://") ? trimmed : `redis://${trimmed}`);
  const url = parseUrl(first);
  const { tls, kind } = schemeOf(url);
  if (url.search !== "" || url.hash !== "") {
    throw wrong("has a ? or #; parameters are not understood, and in a password write %3F or %23");
  }
  const username = decode(url.username);
  const password = decode(url.password);
  const defaultPort = kind === "sentinel" ? DEFAULT_SENTINEL_PORT : DEFAULT_PORT;
  return {
    ...addressFrom(url, defaultPort),
    ...(others.length === 0
      ? {}
      : { others: others.map((host) => addressFrom(parseUrl(`redis://${host}`), defaultPort)) }),
    ...(username === "" ? {} : { username }),
    ...(password === "" ? {} : { password }),
    tls,
    ...placeFrom(url, kind ?? (others.length > 0 ? "cluster" : undefined)),
  };
}

/** The server for people: hosts and ports, never the credentials. */
export function addressOf({
  host,
  port,
  others = [],
  primary,
}: RedisAddress & Pick<RedisConnection, "others" | "primary">): string {
  const all = [{ host, port }, ...others].map(
    (each) => `${each.host.includes(":") ? `[${each.host}]` : each.host}:${each.port}`,
  );
  return primary === undefined ? all.join(",") : `${primary} (Sentinel ${all.join(",")})`;
}

type Kind = "cluster" | "sentinel";

/** A list of hosts is no URL: the first is left in it, the others stand alone. */
function splitHosts(text: string): { readonly first: string; readonly others: readonly string[] } {
  const [, scheme = "", authority = "", rest = ""] = /^(.*?:\/\/)([^/?#]*)(.*)$/s.exec(text) ?? [];
  const user = authority.slice(0, authority.lastIndexOf("@") + 1);
  const [host = "", ...others] = authority.slice(user.length).split(",");
  if (others.length === 0) return { first: text, others };
  if (others.some((other) => other.trim() === "")) throw wrong("names no host");
  return { first: scheme + user + host + rest, others: others.map((other) => other.trim()) };
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

function schemeOf(url: URL): { readonly tls: boolean; readonly kind: Kind | undefined } {
  const scheme = url.protocol.slice(0, -1);
  const match = /^redis(s?)(?:[+-](cluster|sentinel))?$/.exec(scheme);
  if (!match) throw wrong(`has the scheme ${scheme}, which is neither redis nor rediss`);
  const [, s, kind] = match;
  return { tls: s === "s", kind: kind === "cluster" || kind === "sentinel" ? kind : undefined };
}

function addressFrom(url: URL, defaultPort: number): RedisAddress {
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  if (host === "") throw wrong("names no host");
  const port = url.port === "" ? defaultPort : Number(url.port);
  if (port === 0) throw wrong("has the port 0");
  return { host: decode(host), port };
}

/** What the path says: a database, or of Sentinels the name of the primary before it. */
function placeFrom(url: URL, kind: Kind | undefined): Pick<RedisConnection, "db" | "cluster" | "primary"> {
  const path = url.pathname.replace(/^\//, "");
  if (kind === undefined) return { db: databaseFrom(path) };
  if (kind === "sentinel") {
    const [name = "", ...rest] = path.split("/");
    if (name === "") throw wrong("names no primary for the Sentinels; write /<name> after the hosts");
    return { db: databaseFrom(rest.join("/")), primary: decode(name) };
  }
  if (databaseFrom(path) !== 0) throw wrong("names a database, and a Cluster has none but 0");
  return { db: 0, cluster: true };
}

function databaseFrom(path: string): number {
  if (path === "") return 0;
  if (!/^\d{1,5}$/.test(path)) throw wrong("has something after the / that is not the number of a database");
  return Number(path);
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
    `The Redis connection string ${what}. Expected redis://[user:password@]host[:port][/db], rediss://… for TLS, several hosts with commas for a Cluster, redis-sentinel://host:port,…/<name>, or host:port.`,
  );
}
