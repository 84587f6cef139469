import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../../src/testing/index.ts";
import { requestOnce } from "../support/cluster-client.ts";
import type { Cluster, ClusterStore } from "../support/cluster.ts";
import type { FollowingReader } from "../support/following-reader.ts";
import type { ServeProcess } from "../support/serve-process.ts";

/** What befalls a cluster in the middle of its work, and how it comes back. */
export interface Fault {
  readonly name: string;
  readonly says: string;
  /** On which stores it can happen; why not, where it cannot. */
  readonly stores: Record<ClusterStore, true | string>;
  /** Whether steps under way are lost: certainly, never, or as chance has it. */
  readonly interrupts: Record<ClusterStore, Interruption>;
  readonly strike: (scene: Scene) => Promise<void>;
  /** Whether Redis must have a replica that can take over. */
  readonly needsReplica?: boolean;
}

export type Interruption = "always" | "never" | "maybe";

export interface Scene {
  readonly cluster: Cluster;
  /** The process that drives all conversations when the fault strikes. */
  readonly worker: ServeProcess;
  readonly readers: readonly FollowingReader[];
  /** A small disk of its own for the embedded store, if it has one. */
  readonly disk: string | undefined;
  /** Lets the upstream go on. A fault that is over before it does so need not call this. */
  readonly release: () => void;
  /** How many attempts the conversations have seen together. */
  readonly attempts: () => Promise<number>;
  /** Whether every conversation that waits for nobody has ended. */
  readonly allEnded: () => Promise<boolean>;
}

const ONE_PROCESS = "the embedded store is one process, API and worker: see SIGKILL of the worker";
const NO_REDIS = "there is no Redis";
const EITHER = { embedded: "always", redis: "always" } as const;
const NEITHER = { embedded: "never", redis: "never" } as const;
const AS_CHANCE_HAS_IT = { embedded: "maybe", redis: "maybe" } as const;
const RECOVERY_LIMIT_MS = 20_000;

export const FAULTS: readonly Fault[] = [
  {
    name: "client cut",
    says: "every reader loses its connection by a TCP reset, and resumes",
    stores: { embedded: true, redis: true },
    interrupts: NEITHER,
    async strike({ readers }) {
      for (const reader of readers) reader.cut();
    },
  },
  {
    name: "graceful stop",
    says: "SIGTERM; steps under way end within the grace; started again, or another worker goes on",
    stores: { embedded: true, redis: true },
    interrupts: NEITHER,
    async strike({ cluster, worker, release }) {
      worker.signal("SIGTERM");
      await eventually("the worker says that it stops", () =>
        worker.output.some((line) => line.startsWith("Stopping")),
      );
      release();
      await worker.exited();
      requireCleanExit(worker);
      if (cluster.store === "embedded") await worker.restart();
    },
  },
  {
    name: "grace exceeded",
    says: "SIGTERM; steps under way take longer than the grace and are broken off",
    stores: { embedded: true, redis: true },
    interrupts: EITHER,
    async strike({ cluster, worker }) {
      worker.signal("SIGTERM");
      await worker.exited();
      requireCleanExit(worker);
      if (cluster.store === "embedded") await worker.restart();
    },
  },
  {
    name: "SIGKILL of the worker",
    says: "started again (embedded), or another worker takes over (Redis)",
    stores: { embedded: true, redis: true },
    interrupts: EITHER,
    async strike({ cluster, worker }) {
      await worker.kill("SIGKILL");
      if (cluster.store === "embedded") await worker.restart();
    },
  },
  {
    name: "SIGKILL of the API node",
    says: "readers go on at the other node; the dead one is started again",
    stores: { embedded: ONE_PROCESS, redis: true },
    interrupts: NEITHER,
    async strike({ cluster }) {
      const [node] = cluster.apis;
      await node?.kill("SIGKILL");
      await node?.restart();
    },
  },
  {
    name: "SIGSTOP then SIGCONT of a worker",
    says: "a zombie: embedded, it sleeps and goes on; Redis, another took over and it must not write",
    stores: { embedded: true, redis: true },
    interrupts: { embedded: "never", redis: "always" },
    async strike({ cluster, worker, attempts, allEnded, release }) {
      const before = await attempts();
      worker.signal("SIGSTOP");
      if (cluster.store === "embedded") {
        await eventually("the process sleeps", () => processState(worker) === "T");
        worker.signal("SIGCONT");
        return;
      }
      await eventually(
        "another worker took over",
        async () => (await attempts()) > before,
        RECOVERY_LIMIT_MS,
      );
      release();
      await eventually("the other worker is done", allEnded, RECOVERY_LIMIT_MS);
      worker.signal("SIGCONT");
      await eventually("the zombie runs", () => processState(worker) !== "T");
    },
  },
  {
    name: "Redis restart",
    says: "SIGTERM, and started again with what it had on disk (appendfsync always)",
    stores: { embedded: NO_REDIS, redis: true },
    interrupts: AS_CHANCE_HAS_IT,
    strike: async ({ cluster }) => cluster.redis?.restart(),
  },
  {
    name: "Redis SIGKILL",
    says: "and started again with what it had on disk (appendfsync always)",
    stores: { embedded: NO_REDIS, redis: true },
    interrupts: AS_CHANCE_HAS_IT,
    async strike({ cluster }) {
      await cluster.redis?.kill("SIGKILL");
      await cluster.redis?.restart();
    },
  },
  {
    name: "Redis failover",
    says: "SIGKILL of the primary; a Sentinel promotes its replica",
    stores: { embedded: NO_REDIS, redis: true },
    interrupts: AS_CHANCE_HAS_IT,
    needsReplica: true,
    async strike({ cluster }) {
      await cluster.watchedRedis?.primary.kill("SIGKILL");
      await cluster.watchedRedis?.promoted();
    },
  },
  {
    name: "Redis unreachable",
    says: "SIGSTOP until the API answers that it is not ready, then SIGCONT",
    stores: { embedded: NO_REDIS, redis: true },
    interrupts: AS_CHANCE_HAS_IT,
    async strike({ cluster }) {
      await cluster.redis?.kill("SIGSTOP");
      await eventually("the API is not ready", async () => !(await isReady(cluster)), RECOVERY_LIMIT_MS);
      await cluster.redis?.kill("SIGCONT");
    },
  },
  {
    name: "disk full",
    says: "no byte more can be written while the upstream goes on; then there is space again",
    stores: {
      embedded: true,
      redis: "Redis keeps the data: what it does on a full disk is its own (MISCONF)",
    },
    interrupts: NEITHER,
    async strike({ cluster, disk, release }) {
      if (disk === undefined) throw new TypeError("This fault needs a disk of its own.");
      const ballast = join(disk, "ballast");
      fill(ballast);
      release();
      await eventually("the API is not ready", async () => !(await isReady(cluster)), RECOVERY_LIMIT_MS);
      rmSync(ballast);
    },
  },
];

/** What the design lists and no cell covers yet, with the reason. */
export const MATRIX_GAPS: readonly { readonly fault: string; readonly reason: string }[] = [
  {
    fault: "Redis failover that loses acknowledged writes",
    reason:
      "no cell, since which writes are lost is chance; at the store it is a test of its own (redis-failover.test.ts)",
  },
  {
    fault: "Redis unreachable 30 s",
    reason:
      "covered for as long as it takes the API to notice, and at the store for longer than a command may take; 30 s would exceed the time of the suite",
  },
];

function requireCleanExit(worker: ServeProcess): void {
  if (worker.ended !== 0) throw new Error(`The worker ended with ${worker.ended}, not 0.`);
}

/** The state of a process as Linux tells it: T is stopped. */
function processState({ pid }: ServeProcess): string {
  return execFileSync("ps", ["-o", "state=", "-p", String(pid)], { encoding: "utf8" }).trim()[0] ?? "";
}

async function isReady(cluster: Cluster): Promise<boolean> {
  const url = cluster.apis[0]?.url ?? "";
  const answer = await requestOnce(url, "GET", "/api/ready").catch(() => undefined);
  return answer?.status === 200;
}

/** Writes until the disk is full, to the last byte. */
function fill(path: string): void {
  for (const size of [65_536, 4_096, 512, 1]) {
    for (;;) {
      try {
        writeFileSync(path, Buffer.alloc(size), { flag: "a" });
      } catch (error) {
        if (error instanceof Error && "code" in error && error.code === "ENOSPC") break;
        throw error;
      }
    }
  }
}
