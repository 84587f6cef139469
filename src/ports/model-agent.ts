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
  stream(step: ModelStep, options: ModelStepOptions): UpdateStream;
  /** Present where the provider answers in responses of its own, which go on whether or not anybody listens. */
  readonly responses?: ProviderResponses;
}

/**
 * What a provider keeps of its answers. A step whose stream names its response, by a `provider-response` update before
 * any other, can be read on by another worker after a crash, and is paid for once.
 */
export interface ProviderResponses {
  /**
   * Says the whole response once more, from its beginning and then as it goes on: the same parts under the same ids, no
   * id used twice, and the same text in each, cut into deltas in any way. The caller leaves out what it has.
   *
   * Where the response is over without an answer, or is known no more, gives `provider-response-lost` and throws what a
   * new call has to expect. Any other error leaves the response as it is, to be tried again when `retryable`.
   */
  resume(responseId: string, step: ModelStep, options: ModelStepOptions): UpdateStream;
  /**
   * Asks the provider to stop a response, which nobody will read any more. Resolves also when it has ended by itself or
   * is known no more. An abort of a stream's signal never does this: somebody else may be about to go on reading.
   */
  cancel(responseId: string, options: { readonly signal: AbortSignal }): Promise<void>;
}

/** What a model says, one update after the other: iterated, or listened to where that is possible; one or the other, and once. */
export interface UpdateStream extends AsyncIterable<AgentUpdate> {
  /** Hands the same updates to a listener as they come, which spares whoever takes each at once a promise for every token. */
  listen?(listener: UpdateListener): void;
}

/** Hears updates, and then of the end in one way or the other, once. Its functions are called as its methods. */
export interface UpdateListener {
  /**
   * Takes an update. While a promise that it gives is pending, nothing more is asked of the model. What it throws ends the
   * stream, which fails with it.
   */
  hear(update: AgentUpdate): Promise<void> | undefined;
  end(): void;
  /** With what iterating would throw. */
  fail(error: unknown): void;
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
  /** May be said again of the same response, as a sign of life. */
  | { readonly type: "provider-response"; readonly responseId: string }
  | { readonly type: "provider-response-lost" }
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
