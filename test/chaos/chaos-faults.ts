import type { Cluster } from "../support/cluster.ts";
import type { SeededRandom } from "../support/seeded-random.ts";
import type { ServeProcess } from "../support/serve-process.ts";

/** What was done to the processes. */
export interface FaultLog {
  readonly kills: { readonly pid: number; readonly at: number }[];
  apiKills: number;
  pauses: number;
  stops: number;
  /** Processes that ended without having been told to. */
  readonly deaths: string[];
}

export function newFaultLog(): FaultLog {
  return { kills: [], apiKills: 0, pauses: 0, stops: 0, deaths: [] };
}

/** Strikes processes at random until the signal aborts, then sees to it that all run again. */
export async function strikeAtRandom(
  cluster: Cluster,
  random: SeededRandom,
  log: FaultLog,
  over: AbortSignal,
): Promise<void> {
  // Two at the same time, on different processes: now and then all workers are gone.
  const [first, second, ...others] = cluster.workers;
  const apis = cluster.apis.filter((node) => !cluster.workers.includes(node));
  const groups = [
    [first, second],
    [...others, ...apis],
  ].map((group) => group.filter((each) => each !== undefined));
  await Promise.all(
    groups
      .filter((group) => group.length > 0)
      .map((group) => strikeGroup(group, { cluster, random, log, over, apis })),
  );
}

interface Striking {
  readonly cluster: Cluster;
  readonly random: SeededRandom;
  readonly log: FaultLog;
  readonly over: AbortSignal;
  readonly apis: readonly ServeProcess[];
}

async function strikeGroup(group: readonly ServeProcess[], striking: Striking): Promise<void> {
  const { random, log, over, apis, cluster } = striking;
  while (!over.aborted) {
    await sleep(random.between(100, 1_000), over);
    for (const each of group) {
      if (each.running) continue;
      log.deaths.push(
        `${each.name} ended by itself with ${each.ended}:\n${each.output.slice(-40).join("\n")}`,
      );
      await each.restart();
    }
    const victim = random.pick(group);
    if (apis.includes(victim)) {
      log.apiKills += 1;
      await restart(victim, "SIGKILL", random);
      continue;
    }
    const chance = random.next();
    if (chance < 0.5) {
      log.kills.push({ pid: victim.pid, at: Date.now() });
      await restart(victim, "SIGKILL", random);
    } else if (chance < 0.75) {
      log.pauses += 1;
      victim.signal("SIGSTOP");
      // On Redis often longer than the lock of the engine, so that another takes over and this one wakes as a zombie.
      await sleep(random.between(50, cluster.store === "redis" ? 7_000 : 1_000), over);
      victim.signal("SIGCONT");
    } else {
      log.stops += 1;
      await restart(victim, "SIGTERM", random);
    }
  }
}

async function restart(victim: ServeProcess, signal: NodeJS.Signals, random: SeededRandom): Promise<void> {
  await victim.kill(signal);
  await sleep(random.between(0, 500));
  await victim.restart();
}

/** Resolves after a time, or when the signal aborts. */
export function sleep(milliseconds: number, over?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      over?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    over?.addEventListener("abort", done, { once: true });
    if (over?.aborted) done();
  });
}
