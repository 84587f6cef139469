import { eventually } from "../../src/testing/index.ts";
import { acceptRun, gatherEvidence, requireLaws, statusOf } from "../support/cluster-client.ts";
import { openCluster } from "../support/cluster.ts";
import { followConversation } from "../support/following-reader.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { openUpstream } from "../support/upstream.ts";

const CHUNKS = 30;
const CHUNK_MS = 5;
const LIMIT_MS = 30_000;

export interface KillTimesOptions {
  readonly count: number;
  readonly seed: number;
  readonly report?: (line: string) => void;
}

/**
 * Kills the embedded server as often as asked, each time at a random point of a text that a reader follows, starts it
 * again, and requires every law. Gives how long the reader saw nothing after each kill, in milliseconds: the start of a
 * process is in it.
 */
export async function killTimes({
  count,
  seed,
  report = () => {},
}: KillTimesOptions): Promise<readonly number[]> {
  const random = seededRandom(seed);
  const upstream = await openUpstream({ turns: () => [{ chunks: CHUNKS }], delayMs: () => CHUNK_MS });
  const cluster = await openCluster({ store: "embedded", upstream: upstream.url });
  const times: number[] = [];
  try {
    const [worker] = cluster.workers;
    if (!worker) throw new TypeError("A cluster has a worker.");
    for (let round = 1; round <= count; round++) {
      const conversation = `kill-${seed}-${round}`;
      // Far enough from the end that a slow moment before the kill does not let the run end first.
      const killAfter = random.between(0, CHUNKS - 10);
      const accepted = [await acceptRun(cluster, conversation, "Tell me.")];
      const arrivals: number[] = [];
      const reader = followConversation({
        ports: cluster.ports,
        conversation,
        format: "text/event-stream",
        onEvent: ({ at }) => arrivals.push(at),
      });
      await eventually("the text has come so far", () => arrivals.length > killAfter, LIMIT_MS);
      // Anywhere between two chunks too.
      await new Promise((resolve) => setTimeout(resolve, random.between(0, CHUNK_MS)));
      await worker.kill("SIGKILL");
      const killed = Date.now();
      await worker.restart();
      await eventually("the reader sees something again", () => (arrivals.at(-1) ?? 0) > killed, LIMIT_MS);
      times.push((arrivals.find((at) => at > killed) ?? killed) - killed);
      await eventually(
        "the run ends",
        async () => (await statusOf(cluster, conversation)).status === "Completed",
        LIMIT_MS,
      );
      requireLaws(await gatherEvidence(cluster, upstream, { conversation, accepted, readers: [reader] }));
      if (round % 10 === 0) report(`… ${round} kills of ${count}`);
    }
    return times;
  } finally {
    await cluster.close();
    await upstream.close();
  }
}
