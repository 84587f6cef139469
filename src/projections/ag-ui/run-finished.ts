import type { JsonObject, RunEnd, Usage } from "../../core/index.ts";
import type { AgUiReader, AgUiState } from "./ag-ui-state.ts";

/** What an answer to an interrupt says, in JSON schema. */
const VERDICT: JsonObject = {
  type: "object",
  properties: { approved: { type: "boolean" }, reason: { type: "string" } },
  required: ["approved"],
};

/** The run waits for people. */
export function interrupt({ threadId, runId }: AgUiReader, { pending }: AgUiState): JsonObject {
  const interrupts = pending.map(({ approvalId, callId, name, input, expiresAt }) => ({
    id: approvalId,
    reason: "tool_approval",
    message: `May I use ${name}?`,
    toolCallId: callId,
    responseSchema: VERDICT,
    ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt).toISOString() }),
    metadata: { toolName: name, input },
  }));
  return { type: "RUN_FINISHED", threadId, runId, outcome: { type: "interrupt", interrupts } };
}

export function endOfRun({ threadId, runId }: AgUiReader, event: RunEnd): JsonObject {
  const usage = [tokens(event.usage)];
  const finished = { type: "RUN_FINISHED", threadId, runId, usage };
  switch (event.type) {
    case "run-completed":
      return { ...finished, outcome: { type: "success" } };
    case "run-cancelled":
      return { ...finished, outcome: { type: "cancelled" } };
    case "run-incomplete":
      return {
        ...finished,
        outcome: { type: "success" },
        result: { status: "incomplete", reason: event.reason },
      };
    case "run-failed":
      return { type: "RUN_ERROR", message: event.message, code: event.code, usage };
  }
}

function tokens({ inputTokens, outputTokens }: Usage): JsonObject {
  return { inputTokens, outputTokens, totalTokens: inputTokens + outputTokens };
}
