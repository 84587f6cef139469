import type { JsonValue, ToolError, ToolOutput } from "../../core/index.ts";
import type { ClientErrorCode } from "../client-error.ts";

/** What a conversation shows, in order: what was asked, and what was answered. Plain JSON. */
export type ConversationMessage = UserMessage | AgentMessage;

export interface UserMessage {
  readonly role: "user";
  /** The same for as long as the message is shown: a key for lists. */
  readonly id: string;
  readonly text: string;
  readonly delivery: Delivery;
}

/**
 * How far a message has come. `sending`: not known to be stored. `stored`: it is a run, and will be answered.
 * `not-sent`: refused, or no answer for as long as the limits allow; `retry` of the view sends it again under the same key.
 */
export type Delivery =
  | { readonly state: "sending" }
  | { readonly state: "stored"; readonly run: number }
  | { readonly state: "not-sent"; readonly problem: Problem };

export interface AgentMessage {
  readonly role: "agent";
  readonly id: string;
  /** The ordinal of the run that answers. */
  readonly run: number;
  /** All its text so far, without what was withdrawn; of an ended run exactly the stored answer. */
  readonly text: string;
  /** The same with what came between, in order: text, reasoning, tool calls, the app's own data. */
  readonly parts: readonly MessagePart[];
  readonly outcome: Outcome;
}

/** Where an answer stands. `waiting-for-approval`: nothing goes on before a person has answered. */
export type Outcome =
  | { readonly state: "streaming" }
  | { readonly state: "waiting-for-approval" }
  | { readonly state: "completed" }
  | { readonly state: "failed"; readonly problem: Problem }
  | { readonly state: "cancelled"; readonly reason: string | undefined }
  | { readonly state: "incomplete"; readonly reason: string };

export type MessagePart = TextPart | ReasoningPart | ToolCallPart | DataPart;

export interface TextPart {
  readonly type: "text";
  readonly id: string;
  readonly text: string;
}

export interface ReasoningPart {
  readonly type: "reasoning";
  readonly id: string;
  readonly text: string;
}

/** One call of a tool. `callId` tells two of them apart. */
export interface ToolCallPart {
  readonly type: "tool-call";
  /** Unique in its message: providers may use a `callId` again in a later step. */
  readonly id: string;
  readonly callId: string;
  readonly tool: string;
  readonly call: ToolCallState;
}

/**
 * `writing-input`: the model is at it, `inputText` is the JSON so far. `ready`: written, not executed yet.
 * `waiting-for-approval`: a person is asked. `running`, then `succeeded` or `failed`, which the model is told.
 * `abandoned`: the run ended before it; if it ran, what came of it is not known.
 */
export type ToolCallState =
  | { readonly state: "writing-input"; readonly inputText: string }
  | { readonly state: "ready"; readonly input: JsonValue }
  | { readonly state: "waiting-for-approval"; readonly input: JsonValue; readonly approval: PendingApproval }
  | { readonly state: "running"; readonly input: JsonValue }
  | { readonly state: "succeeded"; readonly input: JsonValue; readonly output: ToolOutput }
  | {
      readonly state: "failed";
      readonly input: JsonValue;
      readonly reason: ToolError["reason"];
      readonly message: string;
    }
  | { readonly state: "abandoned"; readonly input: JsonValue | undefined };

/** The app's own event. Kept as long as the stream is, not in the history. */
export interface DataPart {
  readonly type: "data";
  readonly id: string;
  readonly name: string;
  readonly value: JsonValue;
}

/** A question to a person, to be answered with `approve`. */
export interface PendingApproval {
  readonly approvalId: string;
  readonly callId: string;
  readonly tool: string;
  readonly input: JsonValue;
  /** The run that waits. */
  readonly run: number;
  /** When waiting ends by itself with a denial, in milliseconds since 1970; undefined: never. */
  readonly expiresAt: number | undefined;
}

/** Why something did not work, as plain JSON. */
export interface Problem {
  readonly code: ClientErrorCode;
  readonly message: string;
}
