import type { RunOptions } from "./event.ts";
import type { JsonObject } from "./json.ts";
import type { Message } from "./message.ts";

/**
 * What anybody may send to a conversation. Only the holder of the current attempt writes the log; everybody else
 * writes here, and the holder takes an item and logs its effect in one atomic step.
 */
export type InboxRequest = RunRequest | CancelRequest | ApprovalAnswer;

/** A request with its place in the inbox: items are handled in the order of their ids. */
export type InboxItem = { readonly itemId: number; readonly at: number } & (
  | (RunRequest & { readonly run: number })
  | CancelRequest
  | ApprovalAnswer
);

export type QueuedRun = Extract<InboxItem, { kind: "run" }>;

/** A request for the next run of the conversation. The store gives it its ordinal. */
export interface RunRequest {
  readonly kind: "run";
  /** The run's public id, made by whoever posts. */
  readonly id: string;
  readonly agent: string;
  readonly input: string;
  readonly options: RunOptions;
  readonly metadata?: JsonObject;
  /** What was said before the input, elsewhere: the client brings it along. */
  readonly preceding?: readonly Message[];
}

/** Cancels every run up to and including `upTo` that has not ended yet, running or waiting (L11). */
export interface CancelRequest {
  readonly kind: "cancel";
  readonly upTo: number;
  readonly reason?: string;
}

export interface ApprovalAnswer {
  readonly kind: "approval";
  readonly approvalId: string;
  readonly approved: boolean;
  readonly reason?: string;
}
