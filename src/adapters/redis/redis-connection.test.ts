import { describe, expect, test } from "vitest";
import { addressOf, parseRedisConnection } from "./redis-connection.ts";

describe("a Redis connection string", () => {
  test.each([
    ["localhost", { host: "localhost", port: 6379, db: 0, tls: false }],
    ["localhost:6380", { host: "localhost", port: 6380, db: 0, tls: false }],
    [" redis://localhost:6379 ", { host: "localhost", port: 6379, db: 0, tls: false }],
    ["redis://localhost/", { host: "localhost", port: 6379, db: 0, tls: false }],
    ["redis://10.0.0.1:7000/3", { host: "10.0.0.1", port: 7000, db: 3, tls: false }],
    ["redis://[::1]:6379", { host: "::1", port: 6379, db: 0, tls: false }],
    [
      "rediss://username:secret@your-redis.com:6380",
      { host: "your-redis.com", port: 6380, username: "username", password: "secret", db: 0, tls: true },
    ],
    ["redis://:p%40s%2Fs@cache", { host: "cache", port: 6379, password: "p@s/s", db: 0, tls: false }],
    [
      "user:secret@cache:1234/2",
      { host: "cache", port: 1234, username: "user", password: "secret", db: 2, tls: false },
    ],
    [
      "redis://10.0.0.1:7000, 10.0.0.2,[::1]:7002",
      {
        host: "10.0.0.1",
        port: 7000,
        others: [
          { host: "10.0.0.2", port: 6379 },
          { host: "::1", port: 7002 },
        ],
        db: 0,
        tls: false,
        cluster: true,
      },
    ],
    [
      "rediss+cluster://user:a,b@node:7000/",
      { host: "node", port: 7000, username: "user", password: "a,b", db: 0, tls: true, cluster: true },
    ],
    [
      "redis-sentinel://:secret@one,two:26380/my%20main/3",
      {
        host: "one",
        port: 26379,
        others: [{ host: "two", port: 26380 }],
        password: "secret",
        db: 3,
        tls: false,
        primary: "my main",
      },
    ],
    ["rediss-sentinel://one/main", { host: "one", port: 26379, db: 0, tls: true, primary: "main" }],
  ])("%s is understood", (given, expected) => {
    expect(parseRedisConnection(given)).toEqual(expected);
  });

  test.each([
    ["", "is empty"],
    ["http://localhost:6379", "has the scheme http"],
    ["redis://localhost:port", "cannot be parsed"],
    ["redis://localhost:99999", "cannot be parsed"],
    ["redis://localhost:0", "has the port 0"],
    ["redis://", "names no host"],
    ["redis://:hunter2@", "cannot be parsed"],
    ["redis://:hunter2@localhost/one", "not the number of a database"],
    ["redis://:hunter2@localhost?db=1", "has a ? or #"],
    ["redis://:hunter2#@localhost", "cannot be parsed"],
    ["redis://:hunter2%@localhost", "has a % that encodes nothing"],
    ["redis://user:12/hunter2@localhost", "not the number of a database"],
    ["redis://:hunter2@one:1,two:2/3", "names a database"],
    ["redis://:hunter2@one,,two", "names no host"],
    ["redis://:hunter2@one:1,two:x", "cannot be parsed"],
    ["redis-sentinel://:hunter2@one,two", "names no primary"],
    ["redis-proxy://:hunter2@one", "has the scheme redis-proxy"],
    ["cache.example:6380,password=hunter2,ssl=True", "StackExchange.Redis"],
  ])("%s is refused, saying what is wrong and no password", (given, says) => {
    const parse = () => parseRedisConnection(given);
    expect(parse).toThrow(TypeError);
    expect(parse).toThrow(says);
    expect(parse).not.toThrow("hunter2");
  });

  test("an address names host and port", () => {
    expect(addressOf({ host: "::1", port: 1 })).toBe("[::1]:1");
    expect(addressOf(parseRedisConnection("user:secret@cache"))).toBe("cache:6379");
    expect(addressOf(parseRedisConnection("user:secret@one,two:1"))).toBe("one:6379,two:1");
    expect(addressOf(parseRedisConnection("redis-sentinel://one,two/main"))).toBe(
      "main (Sentinel one:26379,two:26379)",
    );
  });
});
