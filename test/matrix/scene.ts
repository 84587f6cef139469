import { join } from "node:path";
import { eventually } from "../../src/testing/index.ts";
import { acceptRun, approveAll, gatherEvidence, statusOf } from "../support/cluster-client.ts";
import { describeEvidence } from "../support/check-laws.ts";
import type { Evidence } from "../support/check-laws.ts";
import { openCluster } from "../support/cluster.ts";
import type { Cluster, ClusterStore } from "../support/cluster.ts";
import { followConversation } from "../support/following-reader.ts";
import type { FollowingReader } from "../support/following-reader.ts";
import { openUpstream } from "../support/upstream.ts";
import type { Hold, Upstream } from "../support/upstream.ts";
import type { Fault } from "./faults.ts";
import { PHASES } from "./phases.ts";
import type { Phase, PhaseName } from "./phases.ts";

const REACH_LIMIT_MS = 15_000;
const END_LIMIT_MS = 25_000;

/** What came of one conversation: all there is to know of it, or what went wrong. */
export type Outcome = { readonly evidence: Evidence } | { readonly error: unknown };

export interface PlayedScene {
  readonly outcomes: Record<PhaseName, Outcome>;
  /** What the processes printed. */
  readonly output: string;
  /** From the end of the fault until every run had ended, in milliseconds. */
  readonly recoveryMs: number;
}

/** One conversation, brought to its phase. */
interface Player {
  readonly phase: Phase;
  readonly conversation: string;
  readonly accepted: readonly string[];
  readonly readers: readonly FollowingReader[];
  readonly holds: readonly Hold[];
}

/**
 * Brings one conversation to each phase, on real processes; lets the fault strike them all at once; waits for all to end,
 * and gathers the evidence.
 */
export async function playScene(
  fault: Fault,
  store: ClusterStore,
  disk: string | undefined,
): Promise<PlayedScene> {
  const upstream = await openUpstream({ turns: ({ conversation }) => phaseOf(conversation).turns });
  const cluster = await openCluster({
    store,
    upstream: upstream.url,
    apiNodes: store === "redis" ? 2 : 0,
    withReplica: fault.needsReplica === true,
    ...(disk !== undefined && { directory: join(disk, "data") }),
  }).catch(async (error: unknown) => {
    await upstream.close();
    throw error;
  });
  const players: Player[] = [];
  try {
    players.push(...(await Promise.all(PHASES.map((phase) => begin(cluster, upstream, phase)))));
    // The one that takes over comes when all is under way, so that the fault strikes whoever drives them all.
    if (store === "redis") await cluster.startWorker();
    await strike(fault, cluster, players, disk);
    const recovery = Date.now();
    const results = await Promise.all(players.map((player) => finish(cluster, upstream, player)));
    const outcomes = Object.fromEntries(results) as Record<PhaseName, Outcome>;
    return { outcomes, output: cluster.output(), recoveryMs: Date.now() - recovery };
  } catch (error) {
    throw new Error(`The scene broke off.\n${cluster.output()}`, { cause: error });
  } finally {
    for (const player of players) for (const reader of player.readers) reader.close();
    await cluster.close();
    await upstream.close();
  }
}

function phaseOf(conversation: string): Phase {
  const phase = PHASES.find(({ name }) => conversation.startsWith(`${name}.`));
  if (!phase) throw new Error(`No phase has the conversation ${conversation}.`);
  return phase;
}

async function begin(cluster: Cluster, upstream: Upstream, phase: Phase): Promise<Player> {
  const conversation = `${phase.name}.${crypto.randomUUID()}`;
  const holds = phase.holds(conversation).map((place) => upstream.hold(place));
  const accepted: string[] = [];
  for (let run = 1; run <= phase.runs; run++) {
    accepted.push(await acceptRun(cluster, conversation, `Run ${run}, please.`));
  }
  const where = { ports: cluster.ports, conversation };
  const readers = [
    followConversation({ ...where, format: "text/event-stream" }),
    followConversation({ ...where, format: "application/x-ndjson" }),
    followConversation({ ...where, format: "application/x-ndjson", everything: true }),
    followConversation({ ...where, format: "text/plain" }),
  ];
  const withCursors = readers.filter((reader) => reader.format !== "text/plain");
  await eventually(
    `${phase.name} is reached`,
    async () =>
      holds.every((hold) => hold.arrived > 0) &&
      withCursors.every((reader) => reader.text.includes(phase.shown)) &&
      (!phase.asks || (await statusOf(cluster, conversation)).status === "Suspended"),
    REACH_LIMIT_MS,
  );
  return { phase, conversation, accepted, readers, holds };
}

async function strike(
  fault: Fault,
  cluster: Cluster,
  players: readonly Player[],
  disk: string | undefined,
): Promise<void> {
  const [worker] = cluster.workers;
  if (!worker) throw new TypeError("A cluster has a worker.");
  const release = (only: (phase: Phase) => boolean): void => {
    for (const { phase, holds } of players) if (only(phase)) for (const hold of holds) hold.release();
  };
  // What is about to end does so while the fault strikes: before, during or after it, as chance has it.
  release((phase) => phase.name === "ending");
  await fault.strike({
    cluster,
    worker,
    disk,
    readers: players.flatMap((player) => player.readers),
    release: () => release(() => true),
    async attempts() {
      const logs = await Promise.all(players.map(({ conversation }) => cluster.storedLog(conversation)));
      return logs.flat().filter((event) => event.type === "attempt-start").length;
    },
    async allEnded() {
      const waiting = players.filter(({ phase }) => !phase.asks);
      const ended = await Promise.all(waiting.map((player) => hasEnded(cluster, player)));
      return ended.every(Boolean);
    },
  });
  release(() => true);
}

async function finish(
  cluster: Cluster,
  upstream: Upstream,
  player: Player,
): Promise<readonly [PhaseName, Outcome]> {
  const { phase, conversation } = player;
  try {
    if (phase.asks) await approveAll(cluster, conversation, true);
    await eventually(`${phase.name} ends`, () => hasEnded(cluster, player), END_LIMIT_MS);
    return [phase.name, { evidence: await gatherEvidence(cluster, upstream, player) }];
  } catch (error) {
    const stored = await cluster.storedLog(conversation);
    const evidence = { ...player, stored, history: [], calls: upstream.callsOf(conversation) };
    return [phase.name, { error: new Error(describeEvidence(evidence), { cause: error }) }];
  }
}

async function hasEnded(cluster: Cluster, { conversation, accepted }: Player): Promise<boolean> {
  const { runs } = await statusOf(cluster, conversation);
  const ended = runs.filter(({ status }) => ["Completed", "Failed", "Canceled"].includes(status));
  return ended.length === accepted.length;
}
