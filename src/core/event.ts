import { cursorAt } from "./cursor.ts";
import type { Cursor } from "./cursor.ts";
import { isErrorCode } from "./error.ts";
import type { ErrorCode } from "./error.ts";
import type { JsonObject, JsonValue } from "./json.ts";
import type { AssistantMessage, Message, ToolMessage, ToolOutput } from "./message.ts";
import type { Usage } from "./usage.ts";

/**
 * An entry of a conversation's log. `attempt` and `seq` are its cursor; `run` is the ordinal of the run that it belongs
 * to. Entries are versioned from the first day: a reader takes what it knows and passes over the rest.
 */
export type LogEvent = Envelope & EventBody;

/** A piece of the answer's text. */
export type TextChunk = Extract<LogEvent, { readonly type: "text-delta" }>;

export interface Envelope {
  /** The version of the entry's form. */
  readonly v: 1;
  readonly attempt: number;
  readonly seq: number;
  /** When it was written, in milliseconds since 1970. */
  readonly at: number;
  /** The run's ordinal in its conversation, from 1. */
  readonly run: number;
}

/** What is logged, before it has a place in the log. */
export type EventBody =
  | AttemptStart
  | AttemptEnd
  | RunStart
  | StepEvent
  | RunCompleted
  | RunFailed
  | RunCancelled
  | RunIncomplete;

/** The events that belong to a step: one model call, or one round of tool calls. Steps count from 1 in their run. */
export type StepEvent = { readonly step: number } & (
  | StepStart
  | ProviderResponseBegun
  | ProviderResponseLost
  | PartStart
  | TextDelta
  | ReasoningDelta
  | PartEnd
  | ToolInputStart
  | ToolInputDelta
  | ToolCall
  | ToolResult
  | ToolError
  | ApprovalRequest
  | ApprovalResponse
  | Data
  | StepEnd
  | StepReset
);

/** The first entry of an attempt: who holds the conversation now, and which entry came before (L3: any loss shows). */
export interface AttemptStart {
  readonly type: "attempt-start";
  readonly worker: string;
  readonly follows: Cursor;
}

/** A worker that was told to stop lets go of the conversation in good order; one that is lost leaves no such entry. */
export interface AttemptEnd {
  readonly type: "attempt-end";
  readonly reason: "handed-over";
}

export interface RunStart {
  readonly type: "run-start";
  /** The run's public id. */
  readonly id: string;
  readonly agent: string;
  readonly input: string;
  readonly acceptedAt: number;
  readonly options: RunOptions;
  readonly metadata?: JsonObject;
  /** What was said before the input, elsewhere: a client brought it along. */
  readonly preceding?: readonly Message[];
}

/** What a request may ask of its run. */
export interface RunOptions {
  /** Default text. */
  readonly responseFormat?: ResponseFormat;
  /** False: the model is offered no tools. Default true. */
  readonly enableToolCalls?: boolean;
  /** Goes to the model after the agent's own instructions, for this run only. */
  readonly instructions?: string;
}

export type ResponseFormat =
  | { readonly type: "text" }
  | { readonly type: "json"; readonly name?: string; readonly schema?: JsonObject };

export interface StepStart {
  readonly type: "step-start";
  readonly kind: StepKind;
}

export type StepKind = "model" | "tools";

/** The step runs at its provider as a response that outlives this worker: the next can go on reading it. */
export interface ProviderResponseBegun {
  readonly type: "provider-response";
  /** The provider's id of it; of no use without the provider's key. */
  readonly responseId: string;
}

/** The step's response cannot be gone on from: it failed, was cancelled, or the provider no longer knows it. */
export interface ProviderResponseLost {
  readonly type: "provider-response-lost";
}

export interface PartStart {
  readonly type: "text-start" | "reasoning-start";
  readonly id: string;
}

export interface TextDelta {
  readonly type: "text-delta";
  readonly id: string;
  readonly delta: string;
  /** The ordinal of this chunk among the text chunks of its run, from 0. */
  readonly sequence: number;
  /** Set on a chunk that only sets two parts of text apart: blank lines, of no part itself. */
  readonly separator?: true;
}

export interface ReasoningDelta {
  readonly type: "reasoning-delta";
  readonly id: string;
  readonly delta: string;
}

export interface PartEnd {
  readonly type: "text-end" | "reasoning-end";
  readonly id: string;
}

/** The model begins to write a tool's input. */
export interface ToolInputStart {
  readonly type: "tool-input-start";
  readonly callId: string;
  readonly name: string;
}

export interface ToolInputDelta {
  readonly type: "tool-input-delta";
  readonly callId: string;
  readonly delta: string;
}

/** A tool is about to be executed; logged before, so that a crash leaves a trace of it (L8). */
export interface ToolCall {
  readonly type: "tool-call";
  readonly callId: string;
  readonly name: string;
  readonly input: JsonValue;
  /** The provider ran it; we only heard of it. */
  readonly providerExecuted?: true;
}

export interface ToolResult {
  readonly type: "tool-result";
  readonly callId: string;
  readonly name: string;
  readonly output: ToolOutput;
  readonly providerExecuted?: true;
}

/** A tool failed, was refused, or was interrupted with unknown outcome; the model is told the message. */
export interface ToolError {
  readonly type: "tool-error";
  readonly callId: string;
  readonly name: string;
  readonly reason: "failed" | "denied" | "interrupted" | "timed-out" | "unknown-tool" | "invalid-input";
  readonly message: string;
}

/** The run waits for a person's leave to execute a tool. */
export interface ApprovalRequest {
  readonly type: "approval-request";
  readonly approvalId: string;
  readonly callId: string;
  readonly name: string;
  readonly input: JsonValue;
  /** When waiting ends by itself with a denial, in milliseconds since 1970; absent: never. */
  readonly expiresAt?: number;
}

export interface ApprovalResponse {
  readonly type: "approval-response";
  readonly approvalId: string;
  readonly callId: string;
  readonly approved: boolean;
  readonly reason?: string;
}

/** The app's own event: progress, a picture, a citation. */
export interface Data {
  readonly type: "data";
  readonly name: string;
  readonly value: JsonValue;
}

/** The step's checkpoint: its whole message. What has one is never executed again (L8). */
export interface StepEnd {
  readonly type: "step-end";
  readonly message: AssistantMessage | ToolMessage;
  readonly usage?: Usage;
  readonly finishReason?: FinishReason;
}

/** Why a model step ended; `interrupted`: a worker was lost and what was written was kept, to be gone on from. */
export type FinishReason = "stop" | "length" | "content-filter" | "tool-calls" | "other" | "interrupted";

/** Voids every entry from `from` (the step's start) up to this one; the step begins again after it (L7). */
export interface StepReset {
  readonly type: "step-reset";
  readonly from: Cursor;
  readonly reason: "interrupted" | "retry";
  /** Whether there is text among what it voids. */
  readonly withdrawsText?: true;
}

export interface RunCompleted {
  readonly type: "run-completed";
  readonly usage: Usage;
}

export interface RunFailed {
  readonly type: "run-failed";
  readonly code: ErrorCode;
  readonly message: string;
  readonly usage: Usage;
}

export interface RunCancelled {
  readonly type: "run-cancelled";
  readonly reason?: string;
  readonly usage: Usage;
}

/** The answer stops short: the model ran into its own limit or a filter, or the run into one of its agent's. */
export interface RunIncomplete {
  readonly type: "run-incomplete";
  readonly reason: string;
  readonly usage: Usage;
}

export type EventType = EventBody["type"];
export type RunEnd = RunCompleted | RunFailed | RunCancelled | RunIncomplete;

/** Every type there is, with whether it ends a run (L5). */
const ENDS_RUN: Record<EventType, boolean> = {
  "attempt-start": false,
  "attempt-end": false,
  "run-start": false,
  "step-start": false,
  "provider-response": false,
  "provider-response-lost": false,
  "text-start": false,
  "text-delta": false,
  "text-end": false,
  "reasoning-start": false,
  "reasoning-delta": false,
  "reasoning-end": false,
  "tool-input-start": false,
  "tool-input-delta": false,
  "tool-call": false,
  "tool-result": false,
  "tool-error": false,
  "approval-request": false,
  "approval-response": false,
  data: false,
  "step-end": false,
  "step-reset": false,
  "run-completed": true,
  "run-failed": true,
  "run-cancelled": true,
  "run-incomplete": true,
};

export function isEventType(value: unknown): value is EventType {
  return typeof value === "string" && Object.hasOwn(ENDS_RUN, value);
}

export function isRunEnd<E extends EventBody>(event: E): event is Extract<E, RunEnd> {
  return ENDS_RUN[event.type];
}

export function cursorOf(event: Pick<Envelope, "attempt" | "seq">): Cursor {
  return cursorAt(event.attempt, event.seq);
}

/**
 * Reads a stored entry. Gives undefined for what is not an entry of a form this version knows: what a newer version
 * wrote is passed over, not guessed at. Within a known type the stored fields are trusted, since only Holdfast writes.
 */
export function parseEvent(value: unknown): LogEvent | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const event = value as Partial<LogEvent>;
  if (event.v !== 1 || !isEventType(event.type)) return undefined;
  const places: readonly unknown[] = [event.attempt, event.seq, event.at, event.run];
  if (!places.every(Number.isSafeInteger)) return undefined;
  if (event.type === "run-failed" && !isErrorCode(event.code)) {
    return { ...(event as LogEvent & RunFailed), code: "internal_error" };
  }
  return event as LogEvent;
}
