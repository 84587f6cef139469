import type {
  FinishReason,
  JsonObject,
  JsonValue,
  Message,
  ProviderOptions,
  ResponseFormat,
  ToolOutput,
  Usage,
} from "../core/index.ts";

/**
 * One model behind an agent: a step in, a stream of updates out. Tools are called by the runtime, never in here, unless
 * the provider runs them itself. Throws `AgentError` with a `model_…` code; any other error counts as `model_failed`.
 */
export interface ModelAgent {
  /** What people see in the start banner and in traces. */
  readonly description: string;
  stream(step: ModelStep, options: ModelStepOptions): AsyncIterable<AgentUpdate>;
}

/** What one model call is about. */
export interface ModelStep {
  readonly agent: string;
  readonly conversationId: string;
  /** The run's public id. */
  readonly runId: string;
  readonly step: number;
  readonly instructions: string;
  /** The conversation so far, the new user message last or followed by this run's own steps. */
  readonly messages: readonly Message[];
  readonly tools: readonly ToolDescription[];
  readonly responseFormat: ResponseFormat;
  /** Set when the last message is this run's own answer, broken off: the model is to go on from its very end. */
  readonly continues?: true;
}

export interface ModelStepOptions {
  /** Stop at once: cancelled, fenced or shutting down. */
  readonly signal: AbortSignal;
  /** The same for every try of the same step. */
  readonly idempotencyKey: string;
}

export interface ToolDescription {
  readonly name: string;
  readonly description: string | undefined;
  readonly inputSchema: JsonObject;
}

/** What a model says while it answers. Parts are named by `id`, tool calls by `callId`. */
export type AgentUpdate =
  | { readonly type: "text-start"; readonly id: string }
  | { readonly type: "text-delta"; readonly id: string; readonly delta: string }
  | { readonly type: "text-end"; readonly id: string; readonly providerOptions?: ProviderOptions }
  | { readonly type: "reasoning-start"; readonly id: string }
  | { readonly type: "reasoning-delta"; readonly id: string; readonly delta: string }
  | { readonly type: "reasoning-end"; readonly id: string; readonly providerOptions?: ProviderOptions }
  | { readonly type: "tool-input-start"; readonly callId: string; readonly name: string }
  | { readonly type: "tool-input-delta"; readonly callId: string; readonly delta: string }
  | {
      readonly type: "tool-call";
      readonly callId: string;
      readonly name: string;
      readonly input: JsonValue;
      readonly providerExecuted?: boolean;
      readonly providerOptions?: ProviderOptions;
    }
  | {
      /** Only of a tool that the provider ran. */
      readonly type: "tool-result";
      readonly callId: string;
      readonly name: string;
      readonly output: ToolOutput;
      readonly providerOptions?: ProviderOptions;
    }
  | { readonly type: "data"; readonly name: string; readonly value: JsonValue }
  | { readonly type: "finish"; readonly finishReason: FinishReason; readonly usage: Usage };
