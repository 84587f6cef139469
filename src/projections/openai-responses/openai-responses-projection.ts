import { cursorOf, isRunEnd, NO_USAGE } from "../../core/index.ts";
import type { JsonObject, LogEvent, RunEnd } from "../../core/index.ts";
import type { DescribedRun, Frame, Reduced, RunProjection } from "../run-projection.ts";
import { unchanged } from "../run-projection.ts";
import { inTurn } from "./in-turn.ts";
import { errorOfRun } from "./run-error.ts";
import { beginCall, endCall, endPart, finishItems, say, tellRequest, withdraw } from "./tell-items.ts";
import { responseJson } from "./response-json.ts";
import { isOver, queuedResponse } from "./response-state.ts";
import type { ResponseState, ResponseStatus } from "./response-state.ts";
import { progressAfter } from "./progress.ts";

/** An entry that does not end its run. */
type Entry = Exclude<LogEvent, RunEnd>;

/**
 * A run as the stream of one OpenAI response. Items of a step that begins again are closed as incomplete, and the
 * response's own output is without them. The app's own events (`data`) have no place: clients refuse types of events that
 * they do not know.
 */
export function createOpenAiResponsesProjection(part = 1): RunProjection<ResponseState> {
  return {
    name: "openai-responses:1",
    start: (run) => startResponse(run, part),
    reduce: (state, event) => (isRunEnd(event) ? endResponse(state, event) : tellEntry(state, event)),
    numbered: (data, index) => ({ ...data, sequence_number: index }),
  };
}

function startResponse(run: DescribedRun, part: number): Reduced<ResponseState> {
  const state = queuedResponse(run, part);
  // Clients take nothing before `response.created`, whatever may have happened by then.
  return { state, frames: [lifecycle("response.created", state), lifecycle("response.queued", state)] };
}

function tellEntry(state: ResponseState, event: Entry): Reduced<ResponseState> {
  const progress = progressAfter(state, event);
  const followed = progress === state ? state : { ...state, ...progress };
  if (followed.at !== followed.part || isOver(followed)) return unchanged(followed);
  return inTurn(
    followed,
    begin,
    (begun) => tell(begun, event),
    (told) => park(told, event),
  );
}

function begin(state: ResponseState): Reduced<ResponseState> {
  if (state.status !== "queued") return unchanged(state);
  const begun: ResponseState = { ...state, status: "in_progress" };
  return { state: begun, frames: [lifecycle("response.in_progress", begun)] };
}

function tell(state: ResponseState, event: Entry): Reduced<ResponseState> {
  switch (event.type) {
    case "text-delta":
      return say(state, "message", event.id, event.delta, cursorOf(event));
    case "reasoning-delta":
      return say(state, "reasoning", event.id, event.delta, cursorOf(event));
    case "text-end":
      return endPart(state, "message", event.id);
    case "reasoning-end":
      return endPart(state, "reasoning", event.id);
    case "tool-call":
      return beginCall(state, event, cursorOf(event));
    case "tool-result":
    case "tool-error":
      return endCall(state, event, cursorOf(event));
    case "approval-request":
      return tellRequest(state, event);
    case "step-end": {
      const { usage: spent = NO_USAGE } = event;
      const usage = {
        inputTokens: state.usage.inputTokens + spent.inputTokens,
        outputTokens: state.usage.outputTokens + spent.outputTokens,
      };
      return finishItems({ ...state, usage }, "completed");
    }
    case "step-reset":
      return withdraw(state);
    case "attempt-start":
    case "attempt-end":
    case "run-start":
    case "step-start":
    case "provider-response":
    case "provider-response-lost":
    case "text-start":
    case "reasoning-start":
    // Whether a tool needs leave shows only once its input is whole: it is told as a request then, or as a call.
    case "tool-input-start":
    case "tool-input-delta":
    case "approval-response":
    case "data":
      return unchanged(state);
  }
}

/** Clients answer a request for leave with another request: to make it, they wait for the end of this response. */
function park(state: ResponseState, event: Entry): Reduced<ResponseState> {
  if (!state.isParked) return unchanged(state);
  return inTurn(state, repeatRequests, (told) => close(told, "completed", event.at));
}

/** What was asked in an earlier response, and not answered since, is asked again. */
function repeatRequests(state: ResponseState): Reduced<ResponseState> {
  const pending = Object.entries(state.calls).flatMap(([callId, { state: stands, approvalId, ...call }]) =>
    stands === "asked" && approvalId !== undefined ? [{ callId, approvalId, ...call }] : [],
  );
  return inTurn(state, ...pending.map((request) => (told: ResponseState) => tellRequest(told, request)));
}

const STATUS: Record<RunEnd["type"], ResponseStatus> = {
  "run-completed": "completed",
  "run-failed": "failed",
  "run-cancelled": "cancelled",
  "run-incomplete": "incomplete",
};

function endResponse(state: ResponseState, event: LogEvent & RunEnd): Reduced<ResponseState> {
  const status = STATUS[event.type];
  const ended: ResponseState = {
    ...state,
    error: event.type === "run-failed" ? errorOfRun(event) : null,
    reason: event.type === "run-cancelled" || event.type === "run-incomplete" ? event.reason : undefined,
    endedAt: event.at,
  };
  if (isOver(state)) {
    // A run that ended while it waited: its stream has been told already, and `retrieve` tells how it stands.
    return unchanged(state.at === state.part && state.isParked ? { ...ended, status } : state);
  }
  const items = status === "completed" ? "completed" : "incomplete";
  return inTurn(
    ended,
    begin,
    (begun) => finishItems(begun, items),
    (finished) => close(finished, status, event.at),
  );
}

function close(state: ResponseState, status: ResponseStatus, at: number): Reduced<ResponseState> {
  const closed: ResponseState = { ...state, status, endedAt: at };
  // The protocol has no event for a cancelled response: clients know it by its status.
  const type = status === "cancelled" ? "response.incomplete" : `response.${status}`;
  return { state: closed, frames: [lifecycle(type, closed)] };
}

function lifecycle(type: string, state: ResponseState): Frame {
  return { event: type, data: { type, response: responseJson(state) } satisfies JsonObject };
}
