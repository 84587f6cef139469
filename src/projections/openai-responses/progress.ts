import { callsToExecute, isRunEnd } from "../../core/index.ts";
import type { JsonValue, LogEvent } from "../../core/index.ts";

/** How far a run has come, as far as its responses begin and end with it. */
export interface Progress {
  readonly calls: RoundCalls;
  /** Whether nothing but a person's answer can bring the run on. */
  readonly isParked: boolean;
  /** The response that the entries have come to, from 1: another one begins with a person's answer. */
  readonly at: number;
}

/** The calls of the round that is under way, by their ids. */
export type RoundCalls = Readonly<Record<string, RoundCall>>;

export interface RoundCall {
  readonly name: string;
  readonly input: JsonValue;
  readonly state: "open" | "asked" | "over";
  /** The request for leave, once one was made. */
  readonly approvalId?: string;
}

export const BEGINNING: Progress = { calls: {}, isParked: false, at: 1 };

/** The progress after one more entry. */
export function progressAfter(progress: Progress, event: LogEvent): Progress {
  const calls = callsAfter(progress.calls, event);
  if (calls === progress.calls) return progress;
  const answered = event.type === "approval-response" && progress.isParked;
  return { calls, isParked: waitsForPeople(calls), at: answered ? progress.at + 1 : progress.at };
}

/** Given the entries of a run in order, whether one is the last of its response with that number. */
export function endsPart(part: number): (event: LogEvent) => boolean {
  let progress = BEGINNING;
  return (event) => {
    progress = progressAfter(progress, event);
    return isRunEnd(event) || progress.at > part || (progress.at === part && progress.isParked);
  };
}

function callsAfter(calls: RoundCalls, event: LogEvent): RoundCalls {
  if (event.type === "step-end") {
    return event.message.role === "assistant" ? callsOf(event.message) : BEGINNING.calls;
  }
  if (event.type === "approval-request") {
    const { callId, name, input, approvalId } = event;
    return { ...calls, [callId]: { name, input, approvalId, state: "asked" } };
  }
  if (event.type === "approval-response") return withState(calls, event.callId, "open");
  const isOutcome = event.type === "tool-result" || event.type === "tool-error";
  return isOutcome ? withState(calls, event.callId, "over") : calls;
}

/** Whether all that is left of the round waits for people. */
function waitsForPeople(calls: RoundCalls): boolean {
  const states = Object.values(calls).map(({ state }) => state);
  return states.includes("asked") && !states.includes("open");
}

function callsOf(message: Parameters<typeof callsToExecute>[0]): RoundCalls {
  return Object.fromEntries(
    callsToExecute(message).map(({ toolCallId, toolName, input }): [string, RoundCall] => [
      toolCallId,
      { name: toolName, input, state: "open" },
    ]),
  );
}

/** A call that the provider executed is none of the round's. */
function withState(calls: RoundCalls, callId: string, state: RoundCall["state"]): RoundCalls {
  const call = Object.hasOwn(calls, callId) ? calls[callId] : undefined;
  return call ? { ...calls, [callId]: { ...call, state } } : calls;
}
