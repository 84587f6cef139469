import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { eventually } from "../../src/testing/index.ts";
import { findRedisServer, freePort, startRedisServer } from "./redis-server.ts";
import type { RedisServer, RedisServerOptions } from "./redis-server.ts";

/** A primary and its replica, watched by a Sentinel that promotes the replica when the primary is gone. */
export interface WatchedRedis {
  readonly primary: RedisServer;
  readonly replica: RedisServer;
  /** `redis-sentinel://127.0.0.1:<port>/<name>` */
  readonly url: string;
  /** From here on the replica, which has all until here, hears nothing more: what is written now is lost with the primary. */
  cutReplication(): Promise<void>;
  /** Resolves when the Sentinel has made the replica the primary. */
  promoted(): Promise<void>;
  stop(): Promise<void>;
}

const NAME = "main";
/** So long that no primary is taken for dead which only waits for its turn on a busy machine. */
const DOWN_AFTER_MS = 2000;
const DISCOVERY_LIMIT_MS = 20_000;
const FAILOVER_LIMIT_MS = 20_000;

export async function startWatchedRedis(options: RedisServerOptions = {}): Promise<WatchedRedis> {
  const primary = await startRedisServer(options);
  const follows = ["--replicaof", "127.0.0.1", String(primary.port), "--repl-ping-replica-period", "1"];
  const replica = await startRedisServer({ ...options, args: [...(options.args ?? []), ...follows] });
  const clients = [primary, replica].map(({ port }) => new Redis(port, "127.0.0.1"));
  for (const client of clients) client.on("error", () => {}); // Tests kill the primary.
  const [toPrimary, toReplica] = clients;
  if (!toPrimary || !toReplica) throw new TypeError("There are two servers.");
  await eventually("the replica is in step", async () =>
    (await toReplica.info("replication")).includes("master_link_status:up"),
  );
  const sentinel = await startSentinel(primary.port);
  await eventually(
    "the Sentinel knows the replica",
    async () => (await sentinel.client.info("sentinel")).includes("slaves=1"),
    DISCOVERY_LIMIT_MS,
  );
  return {
    primary,
    replica,
    url: `redis-sentinel://127.0.0.1:${sentinel.port}/${NAME}`,
    async cutReplication() {
      const end = offsetIn(await toPrimary.info("replication"), "master_repl_offset");
      await eventually(
        "the replica has caught up",
        async () => offsetIn(await toReplica.info("replication"), "slave_repl_offset") >= end,
      );
      // It may not ask for the log again once its connection is gone.
      await toPrimary.acl("SETUSER", "default", "-psync", "-sync");
      await toPrimary.client("KILL", "TYPE", "REPLICA");
      await eventually("the replica is cut off", async () =>
        (await toReplica.info("replication")).includes("master_link_status:down"),
      );
    },
    promoted: () =>
      eventually(
        "the replica is the primary",
        async () => {
          const [, port] = (await sentinel.client.call(
            "SENTINEL",
            "GET-MASTER-ADDR-BY-NAME",
            NAME,
          )) as string[];
          return (
            port === String(replica.port) && (await toReplica.info("replication")).includes("role:master")
          );
        },
        FAILOVER_LIMIT_MS,
      ),
    async stop() {
      for (const client of clients) client.disconnect();
      await sentinel.stop();
      await Promise.all([primary.stop(), replica.stop()]);
    },
  };
}

/** How far the log of a server goes, in bytes. */
function offsetIn(info: string, field: string): number {
  return Number(new RegExp(`${field}:(\\d+)`).exec(info)?.[1] ?? Number.NaN);
}

interface Sentinel {
  readonly port: number;
  readonly client: Redis;
  stop(): Promise<void>;
}

async function startSentinel(primaryPort: number): Promise<Sentinel> {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-sentinel-"));
  const port = await freePort();
  const file = join(directory, "sentinel.conf");
  const lines = [
    `port ${port}`,
    "bind 127.0.0.1",
    `dir ${directory}`,
    `sentinel monitor ${NAME} 127.0.0.1 ${primaryPort} 1`,
    `sentinel down-after-milliseconds ${NAME} ${DOWN_AFTER_MS}`,
    `sentinel failover-timeout ${NAME} 5000`,
  ];
  writeFileSync(file, `${lines.join("\n")}\n`);
  const child = spawn(findRedisServer(), [file, "--sentinel"], { stdio: "ignore" });
  const onExit = (): void => void child.kill("SIGKILL");
  process.once("exit", onExit);
  const client = new Redis(port, "127.0.0.1", { retryStrategy: () => 20 });
  client.on("error", () => {}); // It takes a moment to be up.
  await client.ping();
  return {
    port,
    client,
    async stop() {
      process.off("exit", onExit);
      client.disconnect();
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, "exit");
        child.kill("SIGKILL");
        await ended;
      }
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
