import type { ConversationId, JsonObject, LogEvent, RunOptions } from "../core/index.ts";

/**
 * How a protocol tells one run: a pure reducer of its entries, withdrawn ones included, to frames. Given the same run and
 * entries it makes the same frames, so that a frame's index is a cursor: resuming reduces again and leaves out what
 * was seen.
 */
export interface RunProjection<State> {
  /** Names the protocol and the version of the reduction: indexes of one version mean nothing in another. */
  readonly name: string;
  /** What is known before there is any entry: the run was accepted. */
  readonly start: (run: DescribedRun) => Reduced<State>;
  /** What an entry adds. Without what was withdrawn it adds no more frames than with it. */
  readonly reduce: (state: State, event: LogEvent) => Reduced<State>;
  /** Puts a frame's index into its data, where the protocol has a place for it. */
  readonly numbered?: (data: JsonObject, index: number) => JsonObject;
  /** The last bytes after the last frame, such as `data: [DONE]`; before the mark by which every stream ends. */
  readonly epilogue?: string;
}

export interface Reduced<State> {
  readonly state: State;
  readonly frames: readonly Frame[];
}

/** One message of a protocol. */
export interface Frame {
  /** The name of the SSE event; absent: it has none. */
  readonly event?: string;
  readonly data: JsonObject;
}

/** What is known of a run from the moment it is accepted, and never changes. */
export interface DescribedRun {
  readonly conversation: ConversationId;
  /** The ordinal in its conversation. */
  readonly run: number;
  /** Its public id. */
  readonly id: string;
  readonly agent: string;
  readonly input: string;
  readonly options: RunOptions;
  readonly metadata?: JsonObject;
  /** In milliseconds since 1970. */
  readonly acceptedAt: number;
}

/** For an entry that a protocol has nothing to say about. */
export function unchanged<State>(state: State): Reduced<State> {
  return { state, frames: [] };
}
