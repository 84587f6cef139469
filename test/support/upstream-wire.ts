import type { Message } from "../../src/core/index.ts";

/** What the agents of `upstream-agents.ts` ask the upstream, in JSON. */
export type UpstreamRequest = ModelRequest | ToolRequest;

interface Place {
  /** The process that asks. */
  readonly worker: number;
  readonly conversation: string;
  readonly runId: string;
  /** The run's ordinal. */
  readonly run: number;
  readonly idempotencyKey: string;
}

export interface ModelRequest extends Place {
  readonly kind: "model";
  readonly step: number;
  /** How many model calls of this run have ended before. */
  readonly turn: number;
  readonly messages: readonly Message[];
}

export interface ToolRequest extends Place {
  readonly kind: "tool";
  readonly tool: ToolName;
  readonly callId: string;
}

/** The tools of the agents: one that may be repeated, one that may not, one that a person must allow. */
export type ToolName = "look_up" | "charge" | "transfer";

/** One model call as the upstream plays it: text in chunks, then tool calls. */
export interface UpstreamTurn {
  readonly chunks: number;
  readonly calls?: readonly PlannedCall[];
}

export interface PlannedCall {
  readonly callId: string;
  readonly tool: ToolName;
}

/** Where a spawned process finds the upstream. */
export const UPSTREAM_URL = "HOLDFAST_TEST_UPSTREAM";

/** The agent that `upstream-agents.ts` exports. */
export const AGENT = "Upstream";

/** The run's ordinal, and how many of its model calls have ended, as the messages tell. */
export function placeIn(messages: readonly Message[]): { readonly run: number; readonly turn: number } {
  const latest = messages.findLastIndex((message) => message.role === "user");
  return {
    run: messages.filter((message) => message.role === "user").length,
    turn: messages.slice(latest).filter((message) => message.role === "assistant").length,
  };
}
