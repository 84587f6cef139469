import type { RunRecord } from "../../core/index.ts";
import type { DescribedRun } from "../run-projection.ts";
import { artifactId, submittedTask } from "./task-state.ts";
import type { A2aTask, TaskStateName } from "./task-state.ts";

const STATE: Record<RunRecord["status"], TaskStateName> = {
  completed: "TASK_STATE_COMPLETED",
  failed: "TASK_STATE_FAILED",
  cancelled: "TASK_STATE_CANCELED",
  incomplete: "TASK_STATE_FAILED",
};

/** A task that has ended, from what outlives its stream: all its text as one artifact. */
export function taskOfRecord(run: DescribedRun, { status, text, endedAt }: RunRecord): A2aTask {
  return {
    ...submittedTask(run),
    state: STATE[status],
    at: endedAt,
    artifacts: text === "" ? [] : [{ id: artifactId(1), text }],
  };
}
