import { eventually } from "../../src/testing/index.ts";
import { acceptRun, cancel, gatherEvidence, requireLaws, statusOf } from "../support/cluster-client.ts";
import { openCluster } from "../support/cluster.ts";
import type { Cluster, ClusterStore } from "../support/cluster.ts";
import { followConversation } from "../support/following-reader.ts";
import { chunkPlace, openUpstream, toolPlace } from "../support/upstream.ts";
import type { Upstream } from "../support/upstream.ts";
import type { UpstreamTurn } from "../support/upstream-wire.ts";

export type CancelState = "model call" | "tool" | "parked" | "queued";

export interface CancelTimesOptions {
  readonly store: ClusterStore;
  /** How often, for each state. */
  readonly count: number;
}

const LIMIT_MS = 15_000;

const TURNS: Record<CancelState, readonly UpstreamTurn[]> = {
  "model call": [{ chunks: 5 }],
  tool: [{ chunks: 1, calls: [{ callId: "held", tool: "charge" }] }, { chunks: 1 }],
  parked: [{ chunks: 1, calls: [{ callId: "asked", tool: "transfer" }] }, { chunks: 1 }],
  queued: [{ chunks: 5 }],
};

const HOLDS: Record<CancelState, (conversation: string) => readonly string[]> = {
  "model call": (conversation) => [chunkPlace(conversation, 1, 0, 2)],
  tool: (conversation) => [toolPlace(conversation, 1, "held")],
  parked: () => [],
  // Cancelled is everything that was accepted: the run that holds the queue up, and the one that waits in it.
  queued: (conversation) => [chunkPlace(conversation, 1, 0, 2)],
};

/** How long it takes from sending a cancellation until a reader of the run has its end, in milliseconds, state by state. */
export async function cancelTimes(
  options: CancelTimesOptions,
): Promise<Record<CancelState, readonly number[]>> {
  const upstream = await openUpstream({ turns: ({ conversation }) => TURNS[stateOf(conversation)] });
  const redis = options.store === "redis";
  const cluster = await openCluster({
    store: options.store,
    upstream: upstream.url,
    apiNodes: redis ? 1 : 0,
  });
  const times: Record<CancelState, number[]> = { "model call": [], tool: [], parked: [], queued: [] };
  try {
    for (let round = 1; round <= options.count; round++) {
      for (const state of STATES) times[state].push(await cancelOnce(cluster, upstream, state, round));
    }
    return times;
  } finally {
    await cluster.close();
    await upstream.close();
  }
}

const STATES: readonly CancelState[] = ["model call", "tool", "parked", "queued"];

function stateOf(conversation: string): CancelState {
  const state = STATES.find((each) => conversation.startsWith(nameOf(each)));
  if (!state) throw new Error(`No state has the conversation ${conversation}.`);
  return state;
}

function nameOf(state: CancelState): string {
  return `cancel.${state.replace(" ", "-")}.`;
}

async function cancelOnce(
  cluster: Cluster,
  upstream: Upstream,
  state: CancelState,
  round: number,
): Promise<number> {
  const conversation = `${nameOf(state)}${round}`;
  const holds = HOLDS[state](conversation).map((place) => upstream.hold(place));
  const accepted = [await acceptRun(cluster, conversation, "Go.")];
  if (state === "queued") accepted.push(await acceptRun(cluster, conversation, "And then?"));
  let ended: number | undefined;
  const reader = followConversation({
    ports: cluster.ports,
    conversation,
    format: "text/event-stream",
    onEvent({ event, at }) {
      if (event === "done") ended = at;
    },
  });
  await eventually(`${state} is reached`, async () =>
    state === "parked"
      ? (await statusOf(cluster, conversation)).status === "Suspended"
      : holds.every((hold) => hold.arrived > 0),
  );
  await eventually("the reader reads", () => reader.events.length > 0);
  const asked = Date.now();
  await cancel(cluster, conversation);
  await eventually("the reader has the end", () => ended !== undefined, LIMIT_MS);
  const took = (ended ?? asked) - asked;
  for (const hold of holds) hold.release();
  const evidence = await gatherEvidence(cluster, upstream, { conversation, accepted, readers: [reader] });
  const notCancelled = evidence.history.filter((run) => run.status !== "cancelled");
  requireLaws(
    evidence,
    notCancelled.map((run) => `L11: run ${run.run} is ${run.status}`),
  );
  return took;
}
