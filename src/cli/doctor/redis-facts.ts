import type { Redis } from "ioredis";
import { redisInfo } from "../redis-door.ts";

/** What one server tells of itself; undefined where its user may not ask. */
export interface RedisFacts {
  readonly server: ReadonlyMap<string, string> | undefined;
  readonly memory: ReadonlyMap<string, string> | undefined;
  readonly persistence: ReadonlyMap<string, string> | undefined;
  readonly replication: ReadonlyMap<string, string> | undefined;
  /** `cluster_state` and the like; undefined also when it is no node of a Cluster. */
  readonly cluster: ReadonlyMap<string, string> | undefined;
  readonly appendfsync: string | undefined;
  readonly outputBufferLimit: string | undefined;
  /** How far the server's clock is ahead of ours, in milliseconds, as far as the round trip lets it be known. */
  readonly clockAheadMs: number | undefined;
  /** Round trips, in milliseconds, in order of length. */
  readonly roundTripsMs: readonly number[];
}

/** How many round trips are measured. */
const ROUND_TRIPS = 20;

export async function readRedisFacts(redis: Redis): Promise<RedisFacts> {
  const info = (section: string) => unlessForbidden(redisInfo(redis, section));
  const server = await info("server");
  return {
    server,
    memory: await info("memory"),
    persistence: await info("persistence"),
    replication: await info("replication"),
    cluster: await clusterInfo(redis, server?.get("redis_mode")),
    appendfsync: await setting(redis, "appendfsync"),
    outputBufferLimit: await setting(redis, "client-output-buffer-limit"),
    clockAheadMs: await unlessForbidden(clockAhead(redis)),
    roundTripsMs: await roundTrips(redis),
  };
}

async function clusterInfo(
  redis: Redis,
  mode: string | undefined,
): Promise<ReadonlyMap<string, string> | undefined> {
  if (mode !== "cluster") return undefined;
  const text = await unlessForbidden(redis.cluster("INFO"));
  return text === undefined ? undefined : new Map(text.split(/\r?\n/).map(pair));
}

function pair(line: string): [string, string] {
  const [name = "", value = ""] = line.split(":", 2);
  return [name, value];
}

/** Managed services rename or forbid CONFIG. */
async function setting(redis: Redis, name: string): Promise<string | undefined> {
  const reply = await unlessForbidden(redis.call("CONFIG", "GET", name));
  return Array.isArray(reply) && reply.length > 1 ? String(reply[1]) : undefined;
}

async function clockAhead(redis: Redis): Promise<number> {
  const asked = Date.now();
  const [seconds = 0, microseconds = 0] = (await redis.time()).map(Number);
  const answered = Date.now();
  const theirs = seconds * 1000 + microseconds / 1000;
  // Anywhere between the question and the answer it may have been read.
  if (theirs > answered) return theirs - answered;
  return theirs < asked ? theirs - asked : 0;
}

async function roundTrips(redis: Redis): Promise<readonly number[]> {
  const times: number[] = [];
  for (let count = 0; count < ROUND_TRIPS; count++) {
    const began = performance.now();
    await redis.ping();
    times.push(performance.now() - began);
  }
  return times.toSorted((a, b) => a - b);
}

/** An error reply is an answer too: the user may not, or the server does not know. A lost connection is not. */
async function unlessForbidden<Answer>(asking: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await asking;
  } catch (error) {
    if (error instanceof Error && error.name === "ReplyError") return undefined;
    throw error;
  }
}
