import type { FlexibleSchema } from "@ai-sdk/provider-utils";
import type { JsonValue, Message } from "../core/index.ts";

/**
 * Something a model may call. Tools made with the AI SDK's `tool()` fit here as they are; `defineTool` checks that the
 * parts of a tool agree about the type of its input.
 *
 * A result is recorded once and never asked for again (L8). What a crash interrupts is repeated only when `retry` is
 * "safe"; otherwise the model is told that the outcome is unknown.
 */
export type Tool = ToolDefinition<never, unknown>;

export interface ToolDefinition<Input, Output> {
  readonly description?: string;
  /** Zod, any Standard Schema, or a JSON schema through the AI SDK's `jsonSchema`. Each input is checked against it. */
  readonly inputSchema: SchemaOf<Input>;
  /** Gives what the model gets: text, or anything JSON. Throwing tells the model the error's message. */
  execute(input: Input, context: ToolContext): Output | PromiseLike<Output>;
  /** Whether a person must allow the call first: always, never (default), or as the input says. */
  readonly needsApproval?: boolean | ((input: Input) => boolean);
  /** How long a person has to answer, in milliseconds. Default: for ever. */
  readonly approvalTimeoutMs?: number;
  /** Whether an interrupted call may be made again. Default "never". */
  readonly retry?: "safe" | "never";
  /** How long a call may take, in milliseconds. Default 5 minutes. */
  readonly timeoutMs?: number;
}

/** A schema's type is invariant; where the input is no longer known, any schema will do. */
type SchemaOf<Input> = [Input] extends [never] ? FlexibleSchema : FlexibleSchema<Input>;

export interface ToolContext {
  readonly toolCallId: string;
  /** The same for every execution of this call: hand it to services that deduplicate by such a key. */
  readonly idempotencyKey: string;
  readonly conversationId: string;
  readonly runId: string;
  readonly agentName: string;
  readonly messages: readonly Message[];
  /** Aborted when the run is cancelled, the time is up, or the process stops. */
  readonly abortSignal: AbortSignal;
  /** Tells readers of the stream of progress, as a `data` event. */
  report(name: string, value: JsonValue): void;
}

/** How long a tool may take unless it says otherwise, in milliseconds. */
export const DEFAULT_TOOL_TIMEOUT_MS: number = 5 * 60 * 1000;
