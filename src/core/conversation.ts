import type { Cursor } from "./cursor.ts";
import { compareCursors } from "./cursor.ts";
import type { ErrorCode } from "./error.ts";
import type { RunOptions } from "./event.ts";
import type { ConversationId } from "./ids.ts";
import type { InboxItem } from "./inbox.ts";
import type { JsonObject } from "./json.ts";
import type { Message } from "./message.ts";
import type { Usage } from "./usage.ts";

/** What a store knows of a conversation besides its entries and its history. */
export interface Conversation {
  readonly id: ConversationId;
  /** The agent that began it, for good. */
  readonly agent: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** How many runs were accepted: the ordinal of the latest. */
  readonly runs: number;
  /** The newest attempt, 0 before the first. */
  readonly attempt: number;
  /** The newest entry ever written; `START` before the first. */
  readonly tip: Cursor;
  /** The entry before the first that is kept: everything up to and including it has expired. `START`: all is kept. */
  readonly base: Cursor;
  /** The end of the newest run that has ended: entries after it belong to a run that is under way. */
  readonly settled: Cursor;
  /** What waits to be taken, in order. */
  readonly inbox: readonly InboxItem[];
  /** The parts of the log that a `step-reset` voided. */
  readonly voided: readonly VoidedRange[];
}

/** Entries from `from` up to, but without, `reset` are void. */
export interface VoidedRange {
  readonly from: Cursor;
  readonly reset: Cursor;
}

/** A run that has ended, as the history keeps it: a snapshot of the fold of its entries. */
export interface RunRecord {
  readonly run: number;
  readonly id: string;
  readonly agent: string;
  readonly status: EndedStatus;
  readonly input: string;
  readonly options: RunOptions;
  readonly metadata?: JsonObject;
  /** What the run added to the conversation, in order, ready for the next model call. */
  readonly messages: readonly Message[];
  /** The answer: exactly what a reader of the whole run has rendered (L7). */
  readonly text: string;
  readonly usage: Usage;
  readonly error?: { readonly code: ErrorCode; readonly message: string };
  /** Why it was cancelled or stopped short. */
  readonly reason?: string;
  readonly acceptedAt: number;
  readonly startedAt: number;
  readonly endedAt: number;
  /** How many workers held it, one after the other. */
  readonly attempts: number;
  readonly steps: number;
  /** The entry before its first, and its last: reading after `from` up to `to` gives the whole run. */
  readonly from: Cursor;
  readonly to: Cursor;
}

export type EndedStatus = "completed" | "failed" | "cancelled" | "incomplete";

/** Whether there is nothing to do in a conversation: no run under way, none waiting. */
export function isSettled(conversation: Conversation): boolean {
  return conversation.tip === conversation.settled && !conversation.inbox.some((item) => item.kind === "run");
}

/**
 * Whether an entry was withdrawn: readers who come later never see it (L7). The ranges are in the order of the log and
 * do not overlap, as a store remembers them; a conversation that saw many crashes is still read fast.
 */
export function isVoided(cursor: Cursor, voided: readonly VoidedRange[]): boolean {
  let low = 0;
  let high = voided.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const range = voided[middle];
    if (range && compareCursors(range.from, cursor) <= 0) low = middle + 1;
    else high = middle;
  }
  const candidate = voided[low - 1];
  return candidate !== undefined && compareCursors(cursor, candidate.reset) < 0;
}
