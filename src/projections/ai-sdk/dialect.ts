import type { LogEvent } from "../../core/index.ts";
import type { AiSdkState } from "./ai-sdk-state.ts";
import type { AiSdkVersion } from "./ai-sdk-version.ts";
import { closeInputs, closeParts, FINISH_STEP, outputError, START_STEP } from "./chunks.ts";
import type { UiMessageChunk } from "./ui-message-chunk.ts";

type Chunks = readonly UiMessageChunk[];
type EventOf<Type extends LogEvent["type"]> = Extract<LogEvent, { type: Type }>;

/** In which words a version is told what not every version has the words for. */
export interface Dialect {
  /** Whether a tool's input is told while it is written. */
  readonly tellsInputs: boolean;
  /** Whether the message finishes where the run waits for people, and starts again after. */
  readonly finishesAtWaits: boolean;
  /** A step that begins again, after what the message shows of it was withdrawn. */
  readonly restart: (state: AiSdkState) => Chunks;
  /** A withdrawn step that does not begin again. */
  readonly withdraw: (state: AiSdkState) => Chunks;
  readonly approvalRequest: (event: EventOf<"approval-request">) => Chunks;
  readonly approvalResponse: (event: EventOf<"approval-response">) => Chunks;
  readonly denied: (callId: string, reason: string) => UiMessageChunk;
}

/** For apps on versions without `reset-step`: what the message shows of the step is void. */
const STEP_WITHDRAWN: UiMessageChunk = { type: "data-holdfast-step-reset", data: null, transient: true };
const RESET_STEP: UiMessageChunk = { type: "reset-step" };

/** Knows no people. Its part of a half-written input would be there twice after a resume. */
const VERSION_5: Dialect = {
  tellsInputs: false,
  finishesAtWaits: false,
  restart: (state) => [...abandonStep(state), START_STEP],
  withdraw: abandonStep,
  approvalRequest: ({ approvalId, callId, name, input }) => [
    {
      type: "data-holdfast-approval",
      id: approvalId,
      data: { approvalId, toolCallId: callId, toolName: name, input },
    },
  ],
  approvalResponse: (event) => [
    { type: "data-holdfast-approval", id: event.approvalId, data: verdictOf(event) },
  ],
  denied: outputError,
};

const VERSION_6: Dialect = {
  ...VERSION_5,
  tellsInputs: true,
  finishesAtWaits: true,
  approvalRequest: ({ approvalId, callId }) => [
    { type: "tool-approval-request", approvalId, toolCallId: callId },
  ],
  // Its client knows what it has answered.
  approvalResponse: () => [],
  denied: (toolCallId) => ({ type: "tool-output-denied", toolCallId }),
};

const VERSION_7: Dialect = {
  ...VERSION_6,
  // In the place of a step's start: whoever was spared the withdrawn part counts the same.
  restart: () => [RESET_STEP],
  withdraw: () => [RESET_STEP, FINISH_STEP],
  approvalResponse: (event) => [{ type: "tool-approval-response", ...verdictOf(event) }],
};

export const DIALECTS: Readonly<Record<AiSdkVersion, Dialect>> = {
  5: VERSION_5,
  6: VERSION_6,
  7: VERSION_7,
};

/** What was shown stays; an app that hears of it can stop and resume. */
function abandonStep(state: AiSdkState): Chunks {
  return [...closeParts(state), ...closeInputs(state), STEP_WITHDRAWN, FINISH_STEP];
}

function verdictOf({ approvalId, callId, approved, reason }: EventOf<"approval-response">): {
  readonly approvalId: string;
  readonly toolCallId: string;
  readonly approved: boolean;
  readonly reason?: string;
} {
  return { approvalId, toolCallId: callId, approved, ...(reason !== undefined && { reason }) };
}
