import { AgentError } from "../../core/index.ts";
import type { Cursor, LogEvent } from "../../core/index.ts";
import { createA2aProjection, taskJson, taskOfRecord } from "../../projections/a2a/index.ts";
import type { A2aTask } from "../../projections/a2a/index.ts";
import type { OpeningPlace } from "../../projections/index.ts";
import { parseRunName } from "../../protocol/index.ts";
import { describeRun, openReading, recordOfRun } from "../../runtime/index.ts";
import type { Agent, Reading, RunDescription, Runtime } from "../../runtime/index.ts";
import { foldRun } from "../fold-run.ts";
import { rpcRefusal } from "../json-rpc.ts";
import { untilParked } from "../opening-place.ts";
import { TASK_NOT_FOUND } from "./a2a-error.ts";

const PROJECTION = createA2aProjection(null);

/** The run that a task is, when it is one of the agent's. Throws an error that says that there is no such task. */
export async function runOfTask(runtime: Runtime, agent: Agent, taskId: string): Promise<RunDescription> {
  const run = await describe(runtime, taskId);
  if (run?.agent !== agent.name) throw rpcRefusal(TASK_NOT_FOUND, `There is no task ${taskId}.`);
  return run;
}

const UNKNOWN: ReadonlySet<string> = new Set(["invalid_id", "conversation_not_found", "run_not_found"]);

async function describe(runtime: Runtime, taskId: string): Promise<RunDescription | undefined> {
  try {
    const { conversation, run } = parseRunName(taskId);
    return await describeRun(runtime, conversation, run);
  } catch (error) {
    if (UNKNOWN.has(AgentError.from(error).code)) return undefined;
    throw error;
  }
}

export interface CurrentTask {
  readonly task: A2aTask;
  /** The newest entry that it tells of; undefined where there is none, or none is kept. */
  readonly tip: Cursor | undefined;
}

/** A task as it stands now. */
export async function currentTask(runtime: Runtime, run: RunDescription): Promise<CurrentTask> {
  try {
    const { state: task, tip } = await foldRun(runtime, PROJECTION, run);
    return { task, tip };
  } catch (error) {
    const record = await recordOfRun(runtime, run.conversation, run.run);
    if (AgentError.from(error).code !== "stream_expired" || !record) throw error;
    return { task: taskOfRecord(run, record), tip: undefined };
  }
}

/** The same on the wire, with as much of its history and artifacts as was asked for. */
export function taskAnswer(
  task: A2aTask,
  { historyLength, artifacts = true }: { readonly historyLength?: number | undefined; artifacts?: boolean },
): Record<string, unknown> {
  const { history, artifacts: all, ...rest } = taskJson(task);
  return {
    ...rest,
    ...(artifacts && { artifacts: all }),
    ...(historyLength !== 0 && { history }),
  };
}

/** Waits until a task has ended or waits for a person, from a place in it on, or the signal aborts. */
export async function taskSettles(
  runtime: Runtime,
  run: RunDescription,
  place: OpeningPlace,
  signal: AbortSignal,
): Promise<void> {
  const reading = await openReading(runtime, {
    id: run.conversation,
    run: run.run,
    everything: true,
    withdrawn: true,
  }).catch((error: unknown) => {
    // Long over: the record tells it.
    if (AgentError.from(error).code === "stream_expired") return { kind: "nothing-left" } as const;
    throw error;
  });
  if (reading.kind === "nothing-left") return;
  await readUntil(reading, untilParked(PROJECTION, run, place, "ends"), signal);
}

function readUntil(
  { read }: Extract<Reading, { kind: "entries" }>,
  isLast: (event: LogEvent) => boolean,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const reader = read({
      take({ events, ended }) {
        if (events.some(isLast) || ended) settle(resolve);
        return true;
      },
      fail: (error) => settle(() => (signal.aborted ? resolve() : reject(error))),
    });
    const stop = (): void => settle(resolve);
    function settle(act: () => void): void {
      signal.removeEventListener("abort", stop);
      reader.stop();
      act();
    }
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}
