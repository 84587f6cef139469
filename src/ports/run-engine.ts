import type { ConversationId } from "../core/index.ts";

/**
 * Who drives a conversation, and when. Knows nothing of models or steps.
 *
 * Promised: at most one live drive of a conversation as far as the engine can tell (the fence of the store is what
 * makes it certain), and that a wake is followed by a drive that begins after it, also when the process that was driving
 * dies. Not promised: one drive a wake, since wakes coalesce.
 */
export interface RunEngine {
  /** What people see in the start banner. */
  readonly description: string;
  /** Begins to drive what is woken. Resolves when wakes are being handled. */
  start(drive: Drive): Promise<void>;
  /** Asks for a drive, now or not before a moment (milliseconds since 1970). When this resolves, it is as durable as the engine. */
  wake(id: ConversationId, options?: WakeOptions): Promise<void>;
  /** Tells whoever drives the conversation to look at its inbox. Best effort: the truth is in the inbox. */
  interrupt(id: ConversationId): Promise<void>;
  /** Takes nothing new, lets drives come to a boundary within the grace, then aborts them. */
  stop(options: StopOptions): Promise<void>;
}

export interface WakeOptions {
  readonly notBefore?: number;
}

export interface StopOptions {
  readonly graceMs: number;
}

/** Goes on with a conversation until it is idle, parked or told to stop. */
export type Drive = (task: DriveTask) => Promise<DriveResult>;

export interface DriveTask {
  readonly id: ConversationId;
  /** Aborted when the process is about to stop: come to the next boundary and return `more`. */
  readonly draining: AbortSignal;
  /** Aborted when the drive must end at once: the grace is over, or the engine has given the conversation away. */
  readonly signal: AbortSignal;
  /** Calls back at each interrupt, until the returned function is called. */
  onInterrupt(listener: () => void): () => void;
}

export type DriveResult =
  /** Nothing is left to do. */
  | { readonly state: "idle" }
  /** A person must answer; at `wakeAt` (milliseconds since 1970), if any, it is to be looked at again. */
  | { readonly state: "waiting"; readonly wakeAt: number | undefined }
  /** Work is left, for whoever comes next. */
  | { readonly state: "more" };
