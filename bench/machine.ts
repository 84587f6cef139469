import { execFileSync } from "node:child_process";
import { cpus, release, totalmem, type } from "node:os";
import { findRedisServer } from "../test/support/redis-server.ts";

/** What figures depend on, without anything that says whose machine it is. */
export interface Machine {
  readonly date: string;
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  readonly redis: string;
}

export function describeMachine(now: Date): Machine {
  const processors = cpus();
  const version = execFileSync(findRedisServer(), ["--version"], { encoding: "utf8" });
  return {
    date: now.toISOString().slice(0, 10),
    processor: processors[0]?.model ?? "unknown",
    cores: processors.length,
    memoryGiB: Math.round(totalmem() / 1024 ** 3),
    system: `${type()} ${release()}`,
    node: process.versions.node,
    redis: /v=([\d.]+)/.exec(version)?.[1] ?? "unknown",
  };
}
