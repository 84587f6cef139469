import type { JsonObject } from "../../core/index.ts";
import type { ToolRound } from "../ai-sdk/index.ts";
import type { PendingRequests } from "../pending-approvals.ts";
import type { DescribedRun } from "../run-projection.ts";

/** Whom a stream is for: what only its client's own request tells. */
export interface AgUiReader {
  readonly threadId: string;
  /** What the client calls this run. */
  readonly runId: string;
  /** The messages of the thread before the run's answer, the one that began it included. */
  readonly before: readonly JsonObject[];
}

/** A run in AG-UI, after some of its entries. */
export interface AgUiState {
  readonly run: DescribedRun;
  /** The messages of the run's finished steps. */
  readonly done: readonly JsonObject[];
  /** The step that is under way. */
  readonly step: OpenStep | undefined;
  readonly round: ToolRound;
  readonly pending: PendingRequests;
  /** How it ended, once it has. */
  readonly end: JsonObject | undefined;
}

export interface OpenStep {
  readonly name: string;
  /** The id of the step's message. */
  readonly messageId: string;
  /** What it says so far; undefined while it has not begun to. */
  readonly text: string | undefined;
  /** Tool inputs that are being written. */
  readonly inputs: readonly ToolInput[];
  /** Tool calls that are whole. */
  readonly calls: readonly ToolInput[];
  /** What came of tools. */
  readonly results: readonly JsonObject[];
  /** The message that is being thought, by what the entries call it. */
  readonly reasoning: readonly OpenReasoning[];
}

export interface ToolInput {
  readonly callId: string;
  readonly name: string;
  readonly arguments: string;
}

export interface OpenReasoning {
  readonly part: string;
  readonly messageId: string;
}

/** The messages of a run so far, its step under way included: each as its client has put it together from the events. */
export function messagesSoFar({ done, step }: AgUiState): readonly JsonObject[] {
  return step ? [...done, ...messagesOfStep(step)] : done;
}

export function messagesOfStep({ messageId, text, calls, results }: OpenStep): readonly JsonObject[] {
  if (text === undefined && calls.length === 0) return results;
  const toolCalls = calls.map(({ callId, name, arguments: input }) => ({
    id: callId,
    type: "function",
    function: { name, arguments: input },
  }));
  const message = {
    id: messageId,
    role: "assistant",
    ...(text !== undefined && { content: text }),
    ...(toolCalls.length > 0 && { toolCalls }),
  };
  return [message, ...results];
}
