import { isRunEnd } from "../../core/index.ts";
import type { JsonObject, LogEvent, RunEnd } from "../../core/index.ts";
import { runName } from "../../protocol/index.ts";
import type { DescribedRun, Reduced, RunProjection } from "../run-projection.ts";
import { unchanged } from "../run-projection.ts";
import { RESTARTED } from "../text.ts";

/** A request to call a tool, as far as its answer depends on it. */
export interface ToolRequest {
  readonly id: string | number;
  /** Under what the client wants to hear how it goes on; undefined: it does not. */
  readonly progressToken: string | number | undefined;
}

/** A run in MCP, after some of its entries. */
export interface McpState {
  readonly run: DescribedRun;
  /** The text of finished steps, and of the one under way. */
  readonly done: string;
  readonly open: string;
  /** How many notifications of progress there were. */
  readonly progress: number;
}

type Told = Reduced<McpState>;

/**
 * A run as the answer to the call of a tool: notifications of progress, each with the next of the text, and in the end the
 * whole text as the result. MCP has no way to take back what a notification said: only the result is exact.
 */
export function createMcpProjection(request: ToolRequest): RunProjection<McpState> {
  return {
    name: "mcp:1",
    start: (run) => unchanged({ run, done: "", open: "", progress: 0 }),
    reduce: (state, event) => tell(request, state, event),
  };
}

function tell(request: ToolRequest, state: McpState, event: LogEvent): Told {
  if (isRunEnd(event)) {
    const result = resultOf(state.run, { ...outcomeOf(event), text: state.done + state.open });
    return { state, frames: [{ data: { jsonrpc: "2.0", id: request.id, result } }] };
  }
  switch (event.type) {
    case "text-delta":
      return notify(request, { ...state, open: state.open + event.delta }, event.delta);
    case "step-end":
      return unchanged({ ...state, done: state.done + state.open, open: "" });
    case "step-reset": {
      const reset = { ...state, open: "" };
      return state.open === "" ? unchanged(reset) : notify(request, reset, RESTARTED);
    }
    case "tool-call":
      return notify(request, state, `[${event.name}]`);
    case "approval-request":
      return notify(request, state, `[waiting for leave to use ${event.name}: ${event.approvalId}]`);
    case "attempt-start":
    case "attempt-end":
    case "run-start":
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
    case "tool-result":
    case "tool-error":
    case "approval-response":
    case "data":
      return unchanged(state);
  }
}

function notify({ progressToken }: ToolRequest, before: McpState, message: string): Told {
  const state = { ...before, progress: before.progress + 1 };
  if (progressToken === undefined) return unchanged(state);
  const params = { progressToken, progress: state.progress, message };
  return { state, frames: [{ data: { jsonrpc: "2.0", method: "notifications/progress", params } }] };
}

/** What became of a run. */
interface McpOutcome {
  readonly status: "completed" | "failed" | "cancelled" | "incomplete";
  /** Why, when it did not complete. */
  readonly reason: string | undefined;
}

function outcomeOf(event: RunEnd): McpOutcome {
  switch (event.type) {
    case "run-completed":
      return { status: "completed", reason: undefined };
    case "run-failed":
      return { status: "failed", reason: event.message };
    case "run-cancelled":
      return { status: "cancelled", reason: event.reason };
    case "run-incomplete":
      return { status: "incomplete", reason: event.reason };
  }
}

/** The result of the call: the text, and where the run is to be found. */
function resultOf(
  { conversation, run }: Pick<DescribedRun, "conversation" | "run">,
  { status, reason, text }: McpOutcome & { readonly text: string },
): JsonObject {
  const isError = status === "failed" || status === "cancelled";
  const told = isError ? [reason ?? "The run was cancelled."] : [];
  const texts = isError && text !== "" ? [text, ...told] : isError ? told : [text];
  return {
    content: texts.map((each) => ({ type: "text", text: each })),
    structuredContent: {
      threadId: conversation,
      runId: runName({ conversation, run }),
      status,
      ...(reason !== undefined && { reason }),
    },
    ...(isError && { isError }),
  };
}
