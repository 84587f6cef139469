import type { JsonObject } from "../../core/index.ts";
import { runName } from "../../protocol/index.ts";
import { NO_CALLS } from "../ai-sdk/index.ts";
import type { ToolRound } from "../ai-sdk/index.ts";
import type { PendingRequests } from "../pending-approvals.ts";
import type { DescribedRun } from "../run-projection.ts";

/** The states of A2A that a task of ours can be in. */
export type TaskStateName =
  | "TASK_STATE_SUBMITTED"
  | "TASK_STATE_WORKING"
  | "TASK_STATE_INPUT_REQUIRED"
  | "TASK_STATE_COMPLETED"
  | "TASK_STATE_FAILED"
  | "TASK_STATE_CANCELED";

/** A run as a task, after some of its entries. */
export interface A2aTask {
  readonly run: DescribedRun;
  readonly state: TaskStateName;
  /** Since when, in milliseconds since 1970. */
  readonly at: number;
  /** What the agent last said of its state. */
  readonly message: JsonObject | undefined;
  readonly artifacts: readonly Artifact[];
  /** The calls of the round that is under way. */
  readonly round: ToolRound;
  readonly pending: PendingRequests;
}

/** The text of one step. */
export interface Artifact {
  readonly id: string;
  readonly text: string;
}

/** What of a run its client's message was, among the run's own metadata. */
export const A2A_METADATA = "a2a";

export function submittedTask(run: DescribedRun): A2aTask {
  return {
    run,
    state: "TASK_STATE_SUBMITTED",
    at: run.acceptedAt,
    message: undefined,
    artifacts: [],
    round: NO_CALLS,
    pending: [],
  };
}

/** Whether a task will not change any more. */
export function isTerminal({ state }: A2aTask): boolean {
  return state === "TASK_STATE_COMPLETED" || state === "TASK_STATE_FAILED" || state === "TASK_STATE_CANCELED";
}

export function artifactId(step: number): string {
  return `step-${step}`;
}

/** What every message and update of a task names. */
export function placeOf({ run }: A2aTask): { readonly taskId: string; readonly contextId: string } {
  return { taskId: runName(run), contextId: run.conversation };
}
