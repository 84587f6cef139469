import type { EndedStatus, ErrorCode, ToolError } from "../core/index.ts";

/**
 * What the server counts and measures, in the words of the domain; durations are in milliseconds.
 *
 * Calls are made on the way of runs and streams: an implementation returns at once and never throws. No value given
 * here names a conversation, a run or a client, so that the number of series stays bounded.
 */
export interface Metrics {
  /** A request for a run was stored; repeats under the same idempotency key do not count again. */
  runAccepted(agent: string): void;
  /** A run came to its end in this process; the duration counts from its acceptance. */
  runEnded(run: EndedRun): void;
  /** This process went on with a run that another worker had begun and left: it died, or it was stopped. */
  runRecovered(agent: string): void;
  modelStepEnded(step: { readonly agent: string; readonly durationMs: number }): void;
  /** One try of a model step failed, whether or not it is tried again. */
  modelTryFailed(failure: { readonly agent: string; readonly code: ErrorCode }): void;
  toolCallEnded(call: EndedToolCall): void;
  stepReset(reset: { readonly agent: string; readonly reason: "interrupted" | "retry" }): void;
  /** One append was stored. */
  appended(append: { readonly entries: number; readonly durationMs: number }): void;
  /** One try of an append failed, whether or not it is tried again. */
  appendFailed(failure: { readonly code: ErrorCode; readonly durationMs: number }): void;
  /** Whoever drives a conversation was told to look at its inbox. */
  interrupted(): void;
  /** A client began to read a stream of this media type. */
  streamOpened(format: string): OpenStream;
  requestAnswered(request: AnsweredRequest): void;
  /** What a scraper gets; undefined where nothing is kept for one. */
  render(): Promise<RenderedMetrics | undefined>;
}

export interface EndedRun {
  readonly agent: string;
  readonly status: EndedStatus;
  readonly durationMs: number;
}

export interface EndedToolCall {
  readonly agent: string;
  /** A tool of the agent, or `other`: models make up names. */
  readonly tool: string;
  readonly outcome: "succeeded" | ToolError["reason"];
  /** Undefined for a call that was never executed. */
  readonly durationMs: number | undefined;
}

export interface OpenStream {
  /** Entries of the log were turned into bytes for the client; some formats show fewer of them than others. */
  delivered(entries: number): void;
  /** The client has it all, went away, or was cut. */
  closed(): void;
}

export interface AnsweredRequest {
  readonly method: string;
  /** The path of the route with its parameters in braces, or `unmatched`. */
  readonly route: string;
  readonly status: number;
  /** Until the answer's head was ready; a stream's body comes after. */
  readonly durationMs: number;
}

export interface RenderedMetrics {
  readonly contentType: string;
  readonly body: string;
}

const NO_STREAM: OpenStream = { delivered: () => {}, closed: () => {} };

/** Keeps nothing. */
export const NO_METRICS: Metrics = {
  runAccepted: () => {},
  runEnded: () => {},
  runRecovered: () => {},
  modelStepEnded: () => {},
  modelTryFailed: () => {},
  toolCallEnded: () => {},
  stepReset: () => {},
  appended: () => {},
  appendFailed: () => {},
  interrupted: () => {},
  streamOpened: () => NO_STREAM,
  requestAnswered: () => {},
  render: async () => undefined,
};
