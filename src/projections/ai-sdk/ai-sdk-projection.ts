import { callsToExecute, isRunEnd } from "../../core/index.ts";
import type { AssistantMessage, FinishReason, LogEvent, RunEnd, ToolOutput } from "../../core/index.ts";
import { runName } from "../../protocol/index.ts";
import type { RunProjection } from "../run-projection.ts";
import type { AiSdkState } from "./ai-sdk-state.ts";
import type { AiSdkVersion } from "./ai-sdk-version.ts";
import {
  closeCalls,
  closeInputs,
  closeParts,
  endChunks,
  finish,
  FINISH_STEP,
  inputAvailable,
  inputStart,
  outputAvailable,
  outputError,
  START_STEP,
} from "./chunks.ts";
import { DIALECTS } from "./dialect.ts";
import type { Dialect } from "./dialect.ts";
import { awaitedApprovals, foldRound, NO_CALLS, parks } from "./tool-round.ts";
import type { TextKind, UiMessageChunk } from "./ui-message-chunk.ts";

type Chunks = readonly UiMessageChunk[];
type Told = readonly [state: AiSdkState, chunks: Chunks];
type EventOf<Type extends LogEvent["type"]> = Extract<LogEvent, { type: Type }>;

/**
 * A run as one assistant message of the AI SDK, in the chunks that a version knows. Where the run is parked on people,
 * the message finishes for the time being: only then do clients of version 6 and newer send their answers. It starts
 * again, under the same id, with what comes after. Every telling finishes with `finish`.
 */
export function createAiSdkProjection(version: AiSdkVersion): RunProjection<AiSdkState> {
  const dialect = DIALECTS[version];
  return {
    name: `ai-sdk:${version}`,
    start({ conversation, run, agent, acceptedAt }) {
      const messageId = runName({ conversation, run });
      const messageMetadata = { run: messageId, agent, createdAt: acceptedAt };
      return {
        state: { ...NOTHING_TOLD, messageId },
        frames: [{ data: { type: "start", messageId, messageMetadata } }],
      };
    },
    reduce(state, event) {
      const [told, chunks] = tell(dialect, state, event);
      return { state: told, frames: chunks.map((data) => ({ data })) };
    },
    epilogue: "data: [DONE]\n\n",
  };
}

const NOTHING_TOLD: Omit<AiSdkState, "messageId"> = {
  step: "none",
  openParts: [],
  openInputs: new Map(),
  round: NO_CALLS,
  finishReason: undefined,
};

function tell(dialect: Dialect, state: AiSdkState, event: LogEvent): Told {
  const round = foldRound(state.round, event);
  const [told, chunks] = isRunEnd(event) ? endRun(dialect, state, event) : tellEntry(dialect, state, event);
  if (!dialect.finishesAtWaits || !parks(state.round, round)) return [{ ...told, round }, chunks];
  const [waiting, last] = endStep(told);
  return [{ ...waiting, round }, [...chunks, ...last, finish("tool-calls")]];
}

function tellEntry(dialect: Dialect, state: AiSdkState, event: Exclude<LogEvent, RunEnd>): Told {
  switch (event.type) {
    case "step-start":
      return event.kind === "model" ? beginStep(dialect, state) : [state, []];
    case "text-start":
    case "reasoning-start":
      return beginPart(state, event);
    case "text-delta":
    case "reasoning-delta":
      return [state, [{ type: event.type, id: partId(event), delta: event.delta }]];
    case "text-end":
    case "reasoning-end":
      return endPart(state, event);
    case "tool-input-start":
      return dialect.tellsInputs ? beginInput(state, event) : [state, []];
    case "tool-input-delta":
      return [state, inputDelta(state, event)];
    case "tool-call":
      // Of our own calls the input was told with the step that asked for them.
      return event.providerExecuted ? endInput(state, event) : [state, []];
    case "tool-result":
      return [state, [outputChunk(dialect, event.callId, event.output)]];
    case "tool-error": {
      const { callId, reason, message } = event;
      return [state, [reason === "denied" ? dialect.denied(callId, message) : outputError(callId, message)]];
    }
    case "approval-request":
      return [state, dialect.approvalRequest(event)];
    case "approval-response":
      return [state, [...startAgain(dialect, state), ...dialect.approvalResponse(event)]];
    case "data":
      return [state, [{ type: `data-${event.name}`, data: event.value }]];
    case "step-end": {
      const { message, finishReason } = event;
      return message.role === "assistant" ? endModelStep(state, message, finishReason) : endStep(state);
    }
    case "step-reset":
      return [state.step === "open" ? { ...state, step: "withdrawn" } : state, []];
    case "attempt-start":
    case "attempt-end":
    case "run-start":
    case "provider-response":
    case "provider-response-lost":
      return [state, []];
  }
}

function beginStep(dialect: Dialect, state: AiSdkState): Told {
  const next: AiSdkState = { ...state, step: "open", openParts: [], openInputs: new Map() };
  return [next, state.step === "withdrawn" ? dialect.restart(state) : [START_STEP]];
}

function endStep(state: AiSdkState): Told {
  return state.step === "none" ? [state, []] : [{ ...state, step: "none" }, [FINISH_STEP]];
}

/** The end of a model call: with the tool calls that it asks for, if any, its step goes on. */
function endModelStep(state: AiSdkState, message: AssistantMessage, reason: FinishReason | undefined): Told {
  const openInputs = new Map(state.openInputs);
  const calls: UiMessageChunk[] = [];
  for (const { toolCallId, toolName, input } of callsToExecute(message)) {
    openInputs.delete(toolCallId);
    calls.push(inputAvailable(toolCallId, toolName, input));
  }
  const chunks = [...closeParts(state), ...calls, ...closeInputs({ openInputs })];
  const next: AiSdkState = { ...state, openParts: [], openInputs: new Map(), finishReason: reason };
  if (calls.length > 0) return [next, chunks];
  const [ended, last] = endStep(next);
  return [ended, [...chunks, ...last]];
}

function endRun(dialect: Dialect, state: AiSdkState, event: Extract<LogEvent, RunEnd>): Told {
  const ended: AiSdkState = { ...state, step: "none", openParts: [], openInputs: new Map() };
  return [ended, [...lastOfStep(dialect, state), ...endChunks(event, state.finishReason)]];
}

/** What brings the step that a run's end finds to an end. */
function lastOfStep(dialect: Dialect, state: AiSdkState): Chunks {
  if (state.step === "withdrawn") return dialect.withdraw(state);
  const [, last] = endStep(state);
  return [
    ...startAgain(dialect, state),
    ...closeParts(state),
    ...closeInputs(state),
    ...closeCalls(state),
    ...last,
  ];
}

/** After a wait the message, which had finished, starts again. */
function startAgain({ finishesAtWaits }: Dialect, { messageId, round }: AiSdkState): Chunks {
  const hadFinished = finishesAtWaits && awaitedApprovals(round).length > 0;
  return hadFinished ? [{ type: "start", messageId }] : [];
}

function beginPart(state: AiSdkState, event: EventOf<"text-start" | "reasoning-start">): Told {
  const part = { kind: kindOf(event.type), id: partId(event) };
  const openParts = [...state.openParts, part];
  return [{ ...state, openParts }, [{ type: `${part.kind}-start`, id: part.id }]];
}

function endPart(state: AiSdkState, event: EventOf<"text-end" | "reasoning-end">): Told {
  const kind = kindOf(event.type);
  const id = partId(event);
  const openParts = state.openParts.filter((part) => part.kind !== kind || part.id !== id);
  return [{ ...state, openParts }, [{ type: `${kind}-end`, id }]];
}

function kindOf(type: `${TextKind}-${"start" | "end"}`): TextKind {
  return type.startsWith("text") ? "text" : "reasoning";
}

/** Ids are unique in a step only, and clients keep some of them across steps. */
function partId({ step, id }: { readonly step: number; readonly id: string }): string {
  return `${step}.${id}`;
}

function beginInput(state: AiSdkState, { callId, name }: EventOf<"tool-input-start">): Told {
  const openInputs = new Map(state.openInputs).set(callId, name);
  return [{ ...state, openInputs }, [inputStart(callId, name)]];
}

function inputDelta({ openInputs }: AiSdkState, { callId, delta }: EventOf<"tool-input-delta">): Chunks {
  if (!openInputs.has(callId)) return [];
  return [{ type: "tool-input-delta", toolCallId: callId, inputTextDelta: delta }];
}

function endInput(state: AiSdkState, { callId, name, input }: EventOf<"tool-call">): Told {
  const openInputs = new Map(state.openInputs);
  openInputs.delete(callId);
  return [{ ...state, openInputs }, [inputAvailable(callId, name, input)]];
}

function outputChunk({ denied }: Dialect, callId: string, output: ToolOutput): UiMessageChunk {
  switch (output.type) {
    case "text":
    case "json":
      return outputAvailable(callId, output.value);
    case "error-text":
      return outputError(callId, output.value);
    case "execution-denied":
      return denied(callId, output.reason ?? "Denied.");
  }
}
