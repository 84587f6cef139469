import { acceptRun, approveAll, cancel, statusOf } from "../support/cluster-client.ts";
import type { StatusAnswer } from "../support/cluster-client.ts";
import type { Cluster } from "../support/cluster.ts";
import type { SeededRandom } from "../support/seeded-random.ts";
import { sleep } from "./chaos-faults.ts";

/** A conversation under chaos: who talks in it, and what was accepted. */
export interface ChaosConversation {
  readonly id: string;
  readonly accepted: string[];
  cancels: number;
  /** Whether no run will be asked for any more. */
  complete: boolean;
}

const MOST_OPEN = 3;
const LOOK_AGAIN_MS = 300;

/** Asks for runs, answers approvals and cancels at random until the signal aborts. */
export async function talk(
  cluster: Cluster,
  conversation: ChaosConversation,
  random: SeededRandom,
  over: AbortSignal,
): Promise<void> {
  await sleep(random.between(0, 1_000), over);
  while (!over.aborted) {
    conversation.accepted.push(
      await acceptRun(cluster, conversation.id, `Run ${conversation.accepted.length + 1}`),
    );
    await sleep(random.between(50, 1_500), over);
    if (random.chance(0.08)) {
      conversation.cancels += 1;
      await cancel(cluster, conversation.id);
    }
    while (!over.aborted && openRuns(await statusOf(cluster, conversation.id)) >= MOST_OPEN) {
      await answer(cluster, conversation, random);
      await sleep(LOOK_AGAIN_MS, over);
    }
    await answer(cluster, conversation, random);
  }
  conversation.complete = true;
}

/** Answers whatever waits for a person until all runs have ended; false when the limit comes first. */
export async function settle(
  cluster: Cluster,
  conversation: ChaosConversation,
  random: SeededRandom,
  limitMs: number,
): Promise<boolean> {
  const deadline = Date.now() + limitMs;
  while (Date.now() < deadline) {
    if (openRuns(await statusOf(cluster, conversation.id)) === 0) return true;
    await answer(cluster, conversation, random);
    await sleep(LOOK_AGAIN_MS);
  }
  return false;
}

async function answer(cluster: Cluster, { id }: ChaosConversation, random: SeededRandom): Promise<void> {
  await approveAll(cluster, id, random.chance(0.7));
}

function openRuns({ runs }: StatusAnswer): number {
  return runs.filter(({ status }) => !["Completed", "Failed", "Canceled"].includes(status)).length;
}
