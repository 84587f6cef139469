import { AgentError, isSettled } from "../core/index.ts";
import type { Conversation } from "../core/index.ts";
import type { Drive, DriveResult, DriveTask } from "../ports/index.ts";
import { driveAttempt } from "./drive-attempt.ts";
import { loadRun } from "./load-run.ts";
import { parkedRun } from "./parked-run.ts";
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
    const loaded = await loadRun(runtime.store, task.id);
    const { conversation } = loaded;
    if (isSettled(conversation)) return { state: "idle" };
    const wait = parkedRun(runtime, loaded);
    if (wait) return { state: "waiting", wakeAt: wait.until };
    if (mayBeServedElsewhere(runtime, conversation)) {
      return { state: "waiting", wakeAt: runtime.now() + UNSERVED_RETRY_MS };
    }
    return await driveAttempt(runtime, task, loaded);
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
