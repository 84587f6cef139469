import type { FinishReason, JsonObject, JsonValue, RunEnd } from "../../core/index.ts";
import type { AiSdkState } from "./ai-sdk-state.ts";
import type { UiFinishReason, UiMessageChunk } from "./ui-message-chunk.ts";

export const START_STEP: UiMessageChunk = { type: "start-step" };
export const FINISH_STEP: UiMessageChunk = { type: "finish-step" };

/** Our tools are none of the client's: it knows no types for them, and is not to run them. */
const RAN_HERE = { dynamic: true, providerExecuted: true } as const;

export function inputStart(toolCallId: string, toolName: string): UiMessageChunk {
  return { type: "tool-input-start", toolCallId, toolName, ...RAN_HERE };
}

export function inputAvailable(toolCallId: string, toolName: string, input: JsonValue): UiMessageChunk {
  return { type: "tool-input-available", toolCallId, toolName, input, ...RAN_HERE };
}

export function outputAvailable(toolCallId: string, output: JsonValue): UiMessageChunk {
  return { type: "tool-output-available", toolCallId, output, ...RAN_HERE };
}

export function outputError(toolCallId: string, errorText: string): UiMessageChunk {
  return { type: "tool-output-error", toolCallId, errorText, ...RAN_HERE };
}

export function closeParts({ openParts }: Pick<AiSdkState, "openParts">): readonly UiMessageChunk[] {
  return openParts.map(({ kind, id }) => ({ type: `${kind}-end`, id }));
}

/** Inputs that will never be whole. */
export function closeInputs({ openInputs }: Pick<AiSdkState, "openInputs">): readonly UiMessageChunk[] {
  const errorText = "The call was given up before its input was whole.";
  return [...openInputs].map(([toolCallId, toolName]) => ({
    type: "tool-input-error",
    toolCallId,
    toolName,
    input: null,
    errorText,
    ...RAN_HERE,
  }));
}

/** Calls that the end of their run has left without an outcome. */
export function closeCalls({ round }: Pick<AiSdkState, "round">): readonly UiMessageChunk[] {
  return [...round.keys()].map((callId) => outputError(callId, "The run ended before the call did."));
}

export function finish(finishReason: UiFinishReason, messageMetadata?: JsonObject): UiMessageChunk {
  return { type: "finish", finishReason, ...(messageMetadata && { messageMetadata }) };
}

/** How a run ended; always with `finish`, without which some clients ask for more for ever. */
export function endChunks(event: RunEnd, last: FinishReason | undefined): readonly UiMessageChunk[] {
  const { inputTokens, outputTokens } = event.usage;
  const usage = { inputTokens, outputTokens };
  switch (event.type) {
    case "run-completed":
      return [finish(finishReasonOf(last), { status: "completed", usage })];
    case "run-incomplete": {
      const { reason } = event;
      return [finish(INCOMPLETE[reason] ?? "other", { status: "incomplete", reason, usage })];
    }
    case "run-failed": {
      const { code, message } = event;
      const metadata = { status: "failed", error: { code, message }, usage };
      return [{ type: "error", errorText: message }, finish("error", metadata)];
    }
    case "run-cancelled": {
      const reason = event.reason === undefined ? {} : { reason: event.reason };
      return [{ type: "abort", ...reason }, finish("other", { status: "cancelled", ...reason, usage })];
    }
  }
}

/** The reasons for stopping short that the AI SDK has a word for. */
const INCOMPLETE: Readonly<Record<string, UiFinishReason>> = {
  max_output_tokens: "length",
  content_filter: "content-filter",
};

function finishReasonOf(reason: FinishReason | undefined): UiFinishReason {
  return reason === undefined || reason === "interrupted" ? "other" : reason;
}
