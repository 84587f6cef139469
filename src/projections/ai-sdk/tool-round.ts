import { callsToExecute } from "../../core/index.ts";
import type { LogEvent } from "../../core/index.ts";

/** The tool calls of a step that have no outcome yet, by id: the request for leave that each waits for, if it does. */
export type ToolRound = ReadonlyMap<string, Waiting | undefined>;

interface Waiting {
  readonly approvalId: string;
}

export const NO_CALLS: ToolRound = new Map();

/** The calls after one more entry. */
export function foldRound(round: ToolRound, event: LogEvent): ToolRound {
  switch (event.type) {
    case "step-end":
      if (event.message.role === "tool") return NO_CALLS;
      return new Map(callsToExecute(event.message).map(({ toolCallId }) => [toolCallId, undefined]));
    case "approval-request":
      return new Map(round).set(event.callId, { approvalId: event.approvalId });
    case "approval-response":
      return new Map(round).set(event.callId, undefined);
    case "tool-result":
    case "tool-error":
      return new Map([...round].filter(([callId]) => callId !== event.callId));
    case "run-completed":
    case "run-failed":
    case "run-cancelled":
    case "run-incomplete":
      return NO_CALLS;
    case "attempt-start":
    case "attempt-end":
    case "run-start":
    case "step-start":
    case "provider-response":
    case "provider-response-lost":
    case "text-start":
    case "text-delta":
    case "text-end":
    case "reasoning-start":
    case "reasoning-delta":
    case "reasoning-end":
    case "tool-input-start":
    case "tool-input-delta":
    case "tool-call":
    case "data":
    case "step-reset":
      return round;
  }
}

/** The requests that a run is parked on: all that is left to do waits for people. Empty when it is not parked. */
export function awaitedApprovals(round: ToolRound): readonly string[] {
  const waiting = [...round.values()].flatMap((each) => (each ? [each.approvalId] : []));
  return waiting.length === round.size ? waiting : [];
}

/** Whether an entry parks the run: with it the client's turn has come. */
export function parks(before: ToolRound, after: ToolRound): boolean {
  return after !== before && awaitedApprovals(before).length === 0 && awaitedApprovals(after).length > 0;
}
