import { isRunEnd } from "../../core/index.ts";
import { conversationNotFound } from "../../ports/index.ts";
import { awaitedApprovals, foldRound, NO_CALLS, parks } from "../../projections/ai-sdk/index.ts";
import type { RunProjection } from "../../projections/index.ts";
import { runEntries } from "../../runtime/index.ts";
import type { RunDescription, Runtime } from "../../runtime/index.ts";

/** How far a run has come, as its chunks and its waits for people tell it. */
export interface RunSoFar {
  /** How many chunks there are, withdrawn ones too. */
  readonly chunks: number;
  /** The requests for leave that are answered, whether or not the run has heard of it, or that its end has made void. */
  readonly answered: ReadonlySet<string>;
  /** The run's waits for people. */
  readonly waits: readonly Wait[];
}

export interface Wait {
  readonly approvals: readonly string[];
  /** The chunk that follows the wait. */
  readonly next: number;
}

/** Throws `conversation_not_found`, and `stream_expired` once the run's entries are gone. */
export async function runSoFar<State>(
  runtime: Runtime,
  projection: RunProjection<State>,
  run: RunDescription,
): Promise<RunSoFar> {
  // Looked at before the log: an answer that has left the inbox by then is in there.
  const conversation = await runtime.store.conversation(run.conversation);
  if (!conversation) throw conversationNotFound(run.conversation);
  const answered = new Set(
    conversation.inbox.flatMap((item) => (item.kind === "approval" ? [item.approvalId] : [])),
  );
  const waits: Wait[] = [];
  let { state, frames } = projection.start(run);
  let chunks = frames.length;
  let round = NO_CALLS;
  for await (const event of runEntries(runtime, run.conversation, run.run)) {
    ({ state, frames } = projection.reduce(state, event));
    chunks += frames.length;
    const before = round;
    round = foldRound(before, event);
    if (parks(before, round)) waits.push({ approvals: awaitedApprovals(round), next: chunks });
    if (event.type === "approval-response") answered.add(event.approvalId);
    if (isRunEnd(event)) for (const approval of awaitedApprovals(before)) answered.add(approval);
  }
  return { chunks, answered, waits };
}
