import { ok, skipped, unsafe, warning } from "./finding.ts";
import type { Finding } from "./finding.ts";
import type { RedisFacts } from "./redis-facts.ts";

/** The oldest version with everything that the scripts use. */
const OLDEST_MAJOR = 7;
/** How full memory may be before new writes are about to be refused. */
const FULL = 0.9;
/** Clocks apart from which times look odd, and from which a sweep may take young work for old, in milliseconds. */
const ODD_SKEW_MS = 2_000;
const UNSAFE_SKEW_MS = 30_000;
/** Each chunk of an answer takes a round trip before it is shown. */
const SLOW_ROUND_TRIP_MS = 10;
/** What a follower's connection must be able to hold, in bytes: a burst of long entries. */
const LEAST_PUBSUB_BUFFER = 8 * 2 ** 20;

/** What is to be said of a server, as its facts tell. */
export function judgeRedisFacts(facts: RedisFacts): readonly Finding[] {
  return [
    version(facts),
    ...role(facts),
    ...mode(facts),
    eviction(facts),
    ...memory(facts),
    ...persistence(facts),
    clock(facts),
    pubsubBuffer(facts),
    latency(facts),
  ];
}

const NOT_ASKED = "This user may not ask for it; look at it where the server is set up.";

function version({ server }: RedisFacts): Finding {
  const check = "redis version";
  // Valkey says 7.2.4 as the version of Redis that it stands for.
  const text = server?.get("valkey_version") ?? server?.get("redis_version");
  if (text === undefined) return skipped(check, NOT_ASKED);
  const name = server?.get("valkey_version") === undefined ? "Redis" : "Valkey";
  if (Number.parseInt(text, 10) >= OLDEST_MAJOR) return ok(check, `${name} ${text}`);
  return unsafe(check, `${name} ${text} is too old.`, `Install Redis or Valkey ${OLDEST_MAJOR} or newer.`);
}

function role({ replication }: RedisFacts): readonly Finding[] {
  if (replication?.get("role") !== "slave") return [];
  return [
    unsafe(
      "redis role",
      "The server is a replica, which cannot be written.",
      "Name the primary, or its Sentinels (redis-sentinel://…).",
    ),
  ];
}

function mode({ server, cluster }: RedisFacts): readonly Finding[] {
  const check = "redis mode";
  switch (server?.get("redis_mode")) {
    case "sentinel":
      return [
        unsafe(
          check,
          "The address leads to a Sentinel, which keeps no data.",
          "Write redis-sentinel://host:port,host:port/<name of the primary>.",
        ),
      ];
    case "cluster": {
      const state = cluster?.get("cluster_state");
      if (state === undefined) return [skipped(check, `Cluster mode; its state: ${NOT_ASKED}`)];
      if (state === "ok") return [ok(check, "A Cluster, and its state is ok.")];
      return [
        unsafe(check, `A Cluster whose state is ${state}.`, "Look at CLUSTER INFO: slots without a node?"),
      ];
    }
    case "standalone":
      return [ok(check, "A single server, no Cluster.")];
    case undefined:
    default:
      return [];
  }
}

function eviction({ memory: info }: RedisFacts): Finding {
  const check = "eviction";
  const policy = info?.get("maxmemory_policy");
  if (policy === undefined) return skipped(check, `maxmemory-policy: ${NOT_ASKED}`);
  if (policy === "noeviction") return ok(check, "maxmemory-policy is noeviction.");
  const when = info?.get("maxmemory") === "0" ? "as soon as somebody sets maxmemory" : "when memory is full";
  return unsafe(
    check,
    `maxmemory-policy is ${policy}: ${when}, Redis throws away streams, histories and jobs, without a word.`,
    "CONFIG SET maxmemory-policy noeviction, and the same in redis.conf.",
  );
}

function memory({ memory: info }: RedisFacts): readonly Finding[] {
  const limit = Number(info?.get("maxmemory") ?? 0);
  const used = Number(info?.get("used_memory") ?? 0);
  if (limit === 0) return [];
  const percent = Math.round((100 * used) / limit);
  const says = `${percent} % of maxmemory is used.`;
  if (used < FULL * limit) return [ok("memory", says)];
  return [
    warning(
      "memory",
      says,
      "Raise maxmemory, or shorten REDIS_STREAM_TTL_MINUTES or HOLDFAST_HISTORY_TTL_DAYS.",
    ),
  ];
}

function persistence({ persistence: info, appendfsync }: RedisFacts): readonly Finding[] {
  const check = "persistence";
  if (info === undefined) return [skipped(check, NOT_ASKED)];
  return [appendOnlyFile(check, info, appendfsync), ...lastWrites(info)];
}

function appendOnlyFile(
  check: string,
  info: ReadonlyMap<string, string>,
  appendfsync: string | undefined,
): Finding {
  if (info.get("aof_enabled") !== "1") {
    return unsafe(
      check,
      "There is no append-only file: a crash of Redis loses what it had accepted.",
      "CONFIG SET appendonly yes, and the same in redis.conf.",
    );
  }
  switch (appendfsync) {
    case "always":
      return ok(check, "Every write is on disk before it is acknowledged (appendfsync always).");
    case "everysec":
      return warning(
        check,
        "A crash of Redis can lose a second (appendfsync everysec).",
        "If that is too much: CONFIG SET appendfsync always, at the price of a slower Redis.",
      );
    case undefined:
      return skipped(check, `There is an append-only file; appendfsync: ${NOT_ASKED}`);
    default:
      return unsafe(
        check,
        `appendfsync is ${appendfsync}: a crash can lose what the system had not written yet, half a minute of it.`,
        "CONFIG SET appendfsync everysec, or always.",
      );
  }
}

/** Redis refuses writes, or loses them at a restart, while these fail. */
function lastWrites(info: ReadonlyMap<string, string>): readonly Finding[] {
  return ["aof_last_write_status", "aof_last_bgrewrite_status", "rdb_last_bgsave_status"].flatMap((name) => {
    const status = info.get(name);
    if (status === undefined || status === "ok") return [];
    return [
      unsafe(
        "persistence",
        `${name} is ${status}.`,
        "Look at the log of Redis, its disk and its permissions.",
      ),
    ];
  });
}

function clock({ clockAheadMs }: RedisFacts): Finding {
  const check = "clock";
  if (clockAheadMs === undefined) return skipped(check, NOT_ASKED);
  const apart = Math.abs(clockAheadMs);
  const says = `The clock of Redis is ${(apart / 1000).toFixed(1)} s ${clockAheadMs < 0 ? "behind" : "ahead of"} this one.`;
  const advice = "Let the machines keep time (NTP).";
  if (apart >= UNSAFE_SKEW_MS) return unsafe(check, says, advice);
  return apart >= ODD_SKEW_MS ? warning(check, says, advice) : ok(check, "The clocks agree.");
}

function pubsubBuffer({ outputBufferLimit }: RedisFacts): Finding {
  const check = "output buffers";
  const limits = /\bpubsub (\d+) (\d+) (\d+)/.exec(outputBufferLimit ?? "");
  if (!limits) return skipped(check, `client-output-buffer-limit pubsub: ${NOT_ASKED}`);
  const [, hard, soft, seconds] = limits.map(Number);
  const lowest = Math.min(...[hard, soft].filter((limit) => limit !== undefined && limit > 0).map(Number));
  if (lowest >= LEAST_PUBSUB_BUFFER) return ok(check, `Followers may lag by ${hard} bytes (pubsub).`);
  return warning(
    check,
    `client-output-buffer-limit pubsub is ${hard} ${soft} ${seconds}: a burst cuts off those who follow, again and again.`,
    'CONFIG SET client-output-buffer-limit "pubsub 32mb 8mb 60", and the same in redis.conf.',
  );
}

function latency({ roundTripsMs }: RedisFacts): Finding {
  const check = "latency";
  const median = roundTripsMs[Math.floor(roundTripsMs.length / 2)] ?? 0;
  const longest = roundTripsMs.at(-1) ?? 0;
  const says = `A round trip takes ${median.toFixed(1)} ms, at most ${longest.toFixed(1)} ms.`;
  if (median < SLOW_ROUND_TRIP_MS) return ok(check, says);
  return warning(check, says, "Run Holdfast near its Redis: each chunk of an answer takes a round trip.");
}
