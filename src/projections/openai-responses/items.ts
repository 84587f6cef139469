import type { JsonObject, JsonValue, ToolOutput } from "../../core/index.ts";

/** An item of a response's output, as it is known so far. */
export type Item = TextItem | CallItem | ApprovalItem;

export interface TextItem {
  readonly kind: "message" | "reasoning";
  readonly id: string;
  readonly text: string;
}

/** A tool call that the server executes: for clients, a call of an MCP server that is named as the agent is. */
export interface CallItem {
  readonly kind: "call";
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
  /** The request for leave that was answered first, where there was one. */
  readonly approvalRequestId: string | null;
  readonly outcome?: CallOutcome;
}

export type CallOutcome =
  | { readonly output: string; readonly error: null }
  | { readonly output: null; readonly error: JsonObject };

/** A request for a person's leave. */
export interface ApprovalItem {
  readonly kind: "approval";
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

export type ItemStatus = "in_progress" | "completed" | "incomplete";

/** The item in the form of the protocol. */
export function itemJson(item: Item, status: ItemStatus, agent: string): JsonObject {
  switch (item.kind) {
    case "message":
      return { id: item.id, type: "message", status, role: "assistant", content: [textPart(item.text)] };
    case "reasoning":
      return { id: item.id, type: "reasoning", status, summary: [summaryPart(item.text)] };
    case "call":
      return {
        id: item.id,
        type: "mcp_call",
        status: item.outcome?.error ? "failed" : status,
        server_label: agent,
        name: item.name,
        arguments: item.arguments,
        approval_request_id: item.approvalRequestId,
        output: item.outcome?.output ?? null,
        error: item.outcome?.error ?? null,
      };
    case "approval":
      return {
        id: item.id,
        type: "mcp_approval_request",
        server_label: agent,
        name: item.name,
        arguments: item.arguments,
      };
  }
}

/** The item before anything is known of it but that it has begun. */
export function openingJson(item: Item, agent: string): JsonObject {
  const json = itemJson(item, "in_progress", agent);
  if (item.kind === "message") return { ...json, content: [] };
  if (item.kind === "reasoning") return { ...json, summary: [] };
  return item.kind === "call" ? { ...json, arguments: "" } : json;
}

export function textPart(text: string): JsonObject {
  return { type: "output_text", text, annotations: [], logprobs: [] };
}

export function summaryPart(text: string): JsonObject {
  return { type: "summary_text", text };
}

/** What a tool gave back, as text: the form in which the protocol carries it. */
export function outcomeOf(output: ToolOutput): CallOutcome {
  switch (output.type) {
    case "text":
      return { output: output.value, error: null };
    case "json":
      return { output: JSON.stringify(output.value), error: null };
    case "error-text":
      return failed(output.value);
    case "execution-denied":
      return failed(output.reason ?? "The call was not allowed.");
  }
}

export function failed(message: string): CallOutcome {
  const error = { type: "mcp_tool_execution_error", content: [{ type: "text", text: message }] };
  return { output: null, error };
}

export function argumentsJson(input: JsonValue): string {
  return JSON.stringify(input);
}
