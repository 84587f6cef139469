import { breachesOf, callsOfZombies, describeEvidence } from "../support/check-laws.ts";
import type { Evidence } from "../support/check-laws.ts";
import { gatherEvidence } from "../support/cluster-client.ts";
import { openCluster } from "../support/cluster.ts";
import type { Cluster, ClusterStore } from "../support/cluster.ts";
import { followConversation } from "../support/following-reader.ts";
import type { FollowingReader, ReaderFormat } from "../support/following-reader.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { openUpstream } from "../support/upstream.ts";
import type { Upstream } from "../support/upstream.ts";
import { settle, talk } from "./chaos-conversation.ts";
import type { ChaosConversation } from "./chaos-conversation.ts";
import { newFaultLog, sleep, strikeAtRandom } from "./chaos-faults.ts";
import { chaosTurns } from "./chaos-plan.ts";
import { recoveryTimes } from "./recovery-times.ts";

export interface ChaosOptions {
  readonly store: ClusterStore;
  readonly seconds: number;
  readonly seed: number;
  readonly conversations?: number;
  readonly readers?: number;
  readonly report?: (line: string) => void;
}

export interface ChaosReport {
  readonly seed: number;
  readonly runs: number;
  readonly steps: number;
  readonly kills: number;
  readonly apiKills: number;
  readonly pauses: number;
  readonly stops: number;
  readonly cuts: number;
  readonly cancels: number;
  readonly events: number;
  readonly resets: number;
  /** Calls made by processes that had lost their conversation without knowing: they cost money, and change nothing. */
  readonly zombieCalls: number;
  readonly maxRecoveryMs: number;
  /** One text for each conversation that broke a law, with its log; empty when all laws held. */
  readonly breaches: readonly string[];
}

const SETTLE_LIMIT_MS = 60_000;
const FORMATS: readonly (readonly [ReaderFormat, boolean])[] = [
  ["text/event-stream", false],
  ["application/x-ndjson", true],
  ["text/plain", false],
  ["application/x-ndjson", false],
  ["text/event-stream", true],
];

/** Lets chance loose on real processes for a while, then proves every law from logs and transcripts. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { store, seed } = options;
  const random = seededRandom(seed);
  const upstream = await openUpstream({ turns: chaosTurns(seed), delayMs: () => random.between(0, 40) });
  try {
    const cluster = await openCluster({
      store,
      upstream: upstream.url,
      ...(store === "redis" && { workers: 3, apiNodes: 2 }),
    });
    try {
      return await playChaos(options, cluster, upstream);
    } finally {
      await cluster.close();
    }
  } finally {
    await upstream.close();
  }
}

async function playChaos(options: ChaosOptions, cluster: Cluster, upstream: Upstream): Promise<ChaosReport> {
  const { seconds, seed, report = () => {} } = options;
  const random = seededRandom(seed);
  const conversations = Array.from(
    { length: options.conversations ?? 40 },
    (_, index): ChaosConversation => ({
      id: `chaos-${seed}-${index}`,
      accepted: [],
      cancels: 0,
      complete: false,
    }),
  );
  const over = new AbortController();
  const faults = newFaultLog();
  const talking = conversations.map((conversation) =>
    talk(cluster, conversation, seededRandom(`${seed} ${conversation.id}`), over.signal),
  );
  const readers = new Map<string, FollowingReader[]>();
  const reading = readAtRandom(cluster, conversations, options.readers ?? 30, readers, over.signal);
  const striking = strikeAtRandom(cluster, seededRandom(seed + 1), faults, over.signal);
  let cuts = 0;
  const cutting = (async () => {
    const chance = seededRandom(seed + 2);
    while (!over.signal.aborted) {
      await sleep(chance.between(10, 120), over.signal);
      const all = [...readers.values()].flat();
      if (all.length === 0) continue;
      cuts += 1;
      chance.pick(all).cut();
    }
  })();
  const progress = setInterval(() => {
    const runs = conversations.reduce((sum, { accepted }) => sum + accepted.length, 0);
    report(
      `… ${runs} runs accepted, ${upstream.calls.length} calls, ${faults.kills.length} kills, ${cuts} cuts`,
    );
  }, 3_000);
  try {
    await sleep(seconds * 1_000);
    over.abort();
    await Promise.all([...talking, reading, striking, cutting]);
    report("the faults are over; waiting for all to end");
    const settled = await Promise.all(
      conversations.map((conversation) => settle(cluster, conversation, random, SETTLE_LIMIT_MS)),
    );
    report("all is at rest; checking the laws");
    const breaches: string[] = [...faults.deaths];
    const all: Evidence[] = [];
    for (const [index, conversation] of conversations.entries()) {
      const subject = {
        conversation: conversation.id,
        accepted: conversation.accepted,
        readers: readers.get(conversation.id) ?? [],
      };
      const evidence = settled[index]
        ? await gatherEvidence(cluster, upstream, subject).catch(
            (error: unknown) => void breaches.push(String(error)),
          )
        : await unsettled(cluster, upstream, subject, breaches);
      if (!evidence) continue;
      all.push(evidence);
      const broken = breachesOf(evidence);
      if (broken.length > 0) breaches.push(`${broken.join("\n")}\n${describeEvidence(evidence)}`);
    }
    if (breaches.length > 0) breaches.push(cluster.output());
    const logs = all.map((evidence) => evidence.stored);
    return {
      seed,
      runs: sum(conversations.map(({ accepted }) => accepted.length)),
      steps: logs.flat().filter((event) => event.type === "step-end").length,
      kills: faults.kills.length,
      apiKills: faults.apiKills,
      pauses: faults.pauses,
      stops: faults.stops,
      cuts,
      cancels: sum(conversations.map(({ cancels }) => cancels)),
      events: logs.flat().length,
      resets: logs.flat().filter((event) => event.type === "step-reset").length,
      zombieCalls: sum(all.map(callsOfZombies)),
      maxRecoveryMs: Math.max(0, ...logs.flatMap((log) => recoveryTimes(log, faults.kills))),
      breaches,
    };
  } finally {
    over.abort();
    clearInterval(progress);
    for (const reader of [...readers.values()].flat()) reader.close();
  }
}

async function unsettled(
  cluster: Cluster,
  upstream: Upstream,
  subject: {
    readonly conversation: string;
    readonly accepted: readonly string[];
    readonly readers: readonly FollowingReader[];
  },
  breaches: string[],
): Promise<undefined> {
  const stored = await cluster.storedLog(subject.conversation);
  const evidence = { ...subject, stored, history: [], calls: upstream.callsOf(subject.conversation) };
  breaches.push(`L10: did not come to rest in ${SETTLE_LIMIT_MS} ms\n${describeEvidence(evidence)}`);
  return undefined;
}

/** Attaches readers, one conversation after the other, once there is something to read. */
async function readAtRandom(
  cluster: Cluster,
  conversations: readonly ChaosConversation[],
  count: number,
  readers: Map<string, FollowingReader[]>,
  over: AbortSignal,
): Promise<void> {
  const begin = async (index: number): Promise<void> => {
    const conversation = conversations[index % conversations.length];
    const [format, everything] = FORMATS[index % FORMATS.length] ?? ["text/plain", false];
    while (conversation?.accepted.length === 0 && !over.aborted) await sleep(20, over);
    if (!conversation || conversation.accepted.length === 0) return;
    const reader = followConversation({
      ports: cluster.ports,
      conversation: conversation.id,
      format,
      everything,
      complete: () => conversation.complete,
    });
    readers.set(conversation.id, [...(readers.get(conversation.id) ?? []), reader]);
  };
  await Promise.all(Array.from({ length: count }, (_, index) => begin(index)));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
