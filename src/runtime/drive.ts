import { AgentError, isSettled, nextStep } from "../core/index.ts";
import type { Conversation, RunState } from "../core/index.ts";
import type { Drive, DriveResult, DriveTask } from "../ports/index.ts";
import { driveAttempt } from "./drive-attempt.ts";
import { loadRun } from "./load-run.ts";
import { policyOf } from "./policy.ts";
import type { Runtime } from "./runtime.ts";

/**
 * What an engine calls to go on with a conversation: takes hold of it, lets one run after the other proceed step by
 * step, and returns when nothing is left to do, a person must answer, or the process is about to stop.
 */
export function createDrive(runtime: Runtime): Drive {
  return async (task) => {
    for (;;) {
      if (task.draining.aborted || task.signal.aborted) return { state: "more" };
      const result = await driveOnce(runtime, task);
      if (result !== "run-ended") return result;
    }
  };
}

async function driveOnce(runtime: Runtime, task: DriveTask): Promise<DriveResult | "run-ended"> {
  try {
    const { conversation, state } = await loadRun(runtime.store, task.id);
    if (isSettled(conversation)) return { state: "idle" };
    if (mayBeServedElsewhere(runtime, conversation)) {
      return { state: "waiting", wakeAt: runtime.now() + UNSERVED_RETRY_MS };
    }
    const parked = whileParked(runtime, conversation, state);
    if (parked) return parked;
    return await driveAttempt(runtime, task, {
      run: runOrdinal(conversation, state),
      settled: conversation.settled,
    });
  } catch (error) {
    const known = AgentError.from(error);
    // Someone else holds the conversation now, or it is gone: there is nothing left to do here.
    if (known.code === "fenced" || known.code === "conversation_not_found") return { state: "idle" };
    if (task.signal.aborted) return { state: "more" };
    throw error;
  }
}

/** How long a run waits for a process that has its agent before it is failed, in milliseconds. */
export const UNSERVED_LIMIT_MS: number = 5 * 60 * 1000;
const UNSERVED_RETRY_MS = 2_000;

/** During a deploy an old worker may be asked to run an agent that only the new ones have. */
function mayBeServedElsewhere({ agents, now }: Runtime, { agent, updatedAt }: Conversation): boolean {
  return agents.find(agent) === undefined && now() - updatedAt < UNSERVED_LIMIT_MS;
}

/**
 * A run that waits for a person is left alone: nobody needs to hold it, so no attempt begins (L13). Asked is what the
 * next attempt would do, since the calls that the last one began are over with it: taken for its own, a crash in the
 * middle of a tool would look like a wait for a person, and never end (L10).
 */
function whileParked(runtime: Runtime, conversation: Conversation, state: RunState): DriveResult | undefined {
  const agent = runtime.agents.find(conversation.agent);
  if (!agent || state.start === undefined) return undefined;
  const next = { ...state, attempt: state.attempt + 1 };
  const decision = nextStep(next, conversation.inbox, policyOf(agent), runtime.now());
  return decision.kind === "await-approval" ? { state: "waiting", wakeAt: decision.until } : undefined;
}

/** The ordinal of the run that an attempt would be about. */
function runOrdinal(conversation: Conversation, state: RunState): number {
  if (state.start && !state.end) return state.start.run;
  const queued = conversation.inbox.find((item) => item.kind === "run");
  return queued?.kind === "run" ? queued.run : conversation.runs;
}
