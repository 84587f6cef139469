import { execFileSync } from "node:child_process";
import { cpus, release, totalmem, type } from "node:os";
import { findRedisServer } from "../test/support/redis-server.ts";
import { DURABLE_STREAMS, peerVersion, RESUMABLE_STREAM } from "./subjects/peer-package.ts";

/** What figures depend on, without anything that says whose machine it is. */
export interface Machine {
  readonly date: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  readonly redis: string;
  /** The other packages that are compared, with their versions. */
  readonly peers: readonly string[];
}

export function describeMachine(now: Date, peers: string): Machine {
  const processors = cpus();
  const version = execFileSync(findRedisServer(), ["--version"], { encoding: "utf8" });
  return {
    date: now.toISOString().slice(0, 10),
    processor: processors[0]?.model ?? "unknown",
    cores: processors.length,
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    system: `${type()} ${release().split(".", 2).join(".")}`,
    node: process.versions.node,
    redis: /v=([\d.]+)/.exec(version)?.[1] ?? "unknown",
    peers: [RESUMABLE_STREAM, DURABLE_STREAMS].flatMap((peer) => {
      const installed = peers === "" ? undefined : peerVersion(peers, peer);
      return installed === undefined ? [] : [`${peer.name} ${installed}`];
    }),
  };
}
