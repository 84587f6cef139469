import { cursorOf, isRunEnd } from "../../core/index.ts";
import type { JsonObject, LogEvent, RunEnd } from "../../core/index.ts";
import { awaitedApprovals, foldRound, parks } from "../ai-sdk/index.ts";
import type { OpenableProjection } from "../opened-at.ts";
import { pendingAfter } from "../pending-approvals.ts";
import type { Frame, Reduced } from "../run-projection.ts";
import { unchanged } from "../run-projection.ts";
import { statusJson, taskJson } from "./task-json.ts";
import { artifactId, placeOf, submittedTask } from "./task-state.ts";
import type { A2aTask, TaskStateName } from "./task-state.ts";

/** The id of a JSON-RPC request. */
export type RequestId = string | number | null;

type Told = Reduced<A2aTask>;
type EventOf<Type extends LogEvent["type"]> = Extract<LogEvent, { type: Type }>;

/**
 * A run as the stream of one A2A task, in answer to the JSON-RPC request with an id. Each step's text is an artifact of its
 * own; what a step that begins again had said is replaced. Reasoning has no place in A2A.
 */
export function createA2aProjection(id: RequestId): OpenableProjection<A2aTask> {
  const answered = (told: Told): Told => ({
    state: told.state,
    frames: told.frames.map(({ data }) => answer(id, data)),
  });
  return {
    name: "a2a:1",
    start(run) {
      const state = submittedTask(run);
      return { state, frames: [answer(id, { task: taskJson(state) })] };
    },
    reduce: (state, event) => answered(tell(state, event)),
    opening: (state) => [answer(id, { task: taskJson(state) })],
    isParked: isTaskParked,
  };
}

/** Whether nothing but a person's answer can bring the task on. */
export function isTaskParked({ round }: A2aTask): boolean {
  return awaitedApprovals(round).length > 0;
}

function answer(id: RequestId, result: JsonObject): Frame {
  return { data: { jsonrpc: "2.0", id, result } };
}

function tell(before: A2aTask, event: LogEvent): Told {
  const round = foldRound(before.round, event);
  const pending = pendingAfter(before.pending, event);
  const task = { ...before, round, pending };
  if (isRunEnd(event)) return endTask(task, event);
  const told = tellEntry(task, event);
  if (!parks(before.round, round)) return told;
  const parked = withStatus(told.state, "TASK_STATE_INPUT_REQUIRED", event, request(told.state));
  return { state: parked.state, frames: [...told.frames, ...parked.frames] };
}

function tellEntry(task: A2aTask, event: Exclude<LogEvent, RunEnd>): Told {
  switch (event.type) {
    case "run-start":
    case "approval-response":
      return task.state === "TASK_STATE_WORKING"
        ? unchanged(task)
        : withStatus(task, "TASK_STATE_WORKING", event);
    case "text-delta":
      return say(task, event);
    case "step-reset":
      return withdraw(task, event);
    case "tool-call": {
      const { type, callId, name, input } = event;
      return withStatus(task, task.state, event, [{ data: { type, callId, name, input } }]);
    }
    case "tool-result": {
      const { type, callId, name, output } = event;
      return withStatus(task, task.state, event, [{ data: { type, callId, name, output } }]);
    }
    case "tool-error": {
      const { type, callId, name, reason, message } = event;
      return withStatus(task, task.state, event, [{ data: { type, callId, name, reason, message } }]);
    }
    case "data":
      return { state: task, frames: [statusUpdate(task, { [event.name]: event.value })] };
    case "attempt-start":
    case "attempt-end":
    case "step-start":
    case "provider-response":
    case "provider-response-lost":
    case "text-start":
    case "text-end":
    case "reasoning-start":
    case "reasoning-delta":
    case "reasoning-end":
    case "tool-input-start":
    case "tool-input-delta":
    case "approval-request":
    case "step-end":
      return unchanged(task);
  }
}

function say(task: A2aTask, { step, delta }: EventOf<"text-delta">): Told {
  const id = artifactId(step);
  const known = task.artifacts.find((artifact) => artifact.id === id);
  const artifacts = known
    ? task.artifacts.map((each) => (each === known ? { id, text: each.text + delta } : each))
    : [...task.artifacts, { id, text: delta }];
  return { state: { ...task, artifacts }, frames: [artifactUpdate(task, id, delta, known !== undefined)] };
}

/** What was said of the step is replaced by nothing: A2A has no other way to take it back. */
function withdraw(task: A2aTask, { step }: EventOf<"step-reset">): Told {
  const id = artifactId(step);
  const artifacts = task.artifacts.filter((artifact) => artifact.id !== id);
  if (artifacts.length === task.artifacts.length) return unchanged(task);
  return { state: { ...task, artifacts }, frames: [artifactUpdate(task, id, "", false)] };
}

const ENDED: Record<RunEnd["type"], TaskStateName> = {
  "run-completed": "TASK_STATE_COMPLETED",
  "run-failed": "TASK_STATE_FAILED",
  "run-cancelled": "TASK_STATE_CANCELED",
  "run-incomplete": "TASK_STATE_FAILED",
};

function endTask(task: A2aTask, event: LogEvent & RunEnd): Told {
  return withStatus(task, ENDED[event.type], event, lastWords(event));
}

function lastWords(event: RunEnd): readonly JsonObject[] {
  switch (event.type) {
    case "run-completed":
      return [];
    case "run-failed":
      return [{ text: event.message }, { data: { code: event.code } }];
    case "run-cancelled":
      return event.reason === undefined ? [] : [{ text: event.reason }];
    case "run-incomplete":
      return [{ text: `The answer stops short: ${event.reason}.` }, { data: { reason: event.reason } }];
  }
}

/** What a person is asked, and how to answer. */
function request({ pending }: A2aTask): readonly JsonObject[] {
  const names = pending.map(({ name }) => name).join(", ");
  return [
    {
      text: `May I use ${names}? Answer this task with "approve" or "deny", or with a data part {"approvalId", "approved", "reason"} for each request.`,
    },
    ...pending.map(({ approvalId, callId, name, input, expiresAt }) => ({
      data: {
        type: "approval-request",
        approvalId,
        callId,
        name,
        input,
        ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt).toISOString() }),
      },
    })),
  ];
}

function withStatus(
  task: A2aTask,
  state: TaskStateName,
  event: LogEvent,
  parts: readonly JsonObject[] = [],
): Told {
  const place = placeOf(task);
  const messageId = `${place.taskId}:${cursorOf(event)}`;
  const message = parts.length === 0 ? undefined : { messageId, ...place, role: "ROLE_AGENT", parts };
  const next = { ...task, state, at: event.at, message };
  return { state: next, frames: [statusUpdate(next)] };
}

function statusUpdate(task: A2aTask, metadata?: JsonObject): Frame {
  return {
    data: {
      statusUpdate: { ...placeOf(task), status: statusJson(task), ...(metadata && { metadata }) },
    },
  };
}

function artifactUpdate(task: A2aTask, id: string, text: string, append: boolean): Frame {
  return {
    data: { artifactUpdate: { ...placeOf(task), artifact: { artifactId: id, parts: [{ text }] }, append } },
  };
}
