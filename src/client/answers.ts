import type { JsonObject, JsonValue, Message, Usage } from "../core/index.ts";

/** A run that was accepted: it is stored, and will end. */
export interface StartedRun {
  readonly conversationId: string;
  /** The run's ordinal in its conversation. */
  readonly run: number;
  /** The run's public id. */
  readonly id: string;
  /** The message as it was stored. */
  readonly message: string;
}

export type StatusName = "Pending" | "Running" | "Suspended" | "Completed" | "Failed" | "Canceled";

/** Where a conversation stands. Times are ISO 8601. */
export interface ConversationStatus {
  readonly agent: string;
  readonly conversationId: string;
  readonly status: StatusName;
  readonly cursor: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly runs: readonly RunStatus[];
  /** What waits for a person, over all runs. */
  readonly approvals: readonly PendingApproval[];
}

export interface RunStatus {
  readonly run: number;
  readonly id: string;
  readonly status: StatusName;
  readonly message: string;
  /** Once it has ended. */
  readonly response: string | undefined;
  readonly error: RunProblem | undefined;
  readonly reason: string | undefined;
}

export interface RunProblem {
  readonly code: string;
  readonly message: string;
}

export interface PendingApproval {
  readonly approvalId: string;
  readonly callId: string;
  readonly tool: string;
  readonly input: JsonValue;
}

/** A page of a conversation's ended runs, the oldest first. */
export interface HistoryPage {
  readonly conversationId: string;
  readonly agent: string;
  readonly cursor: string;
  readonly runs: readonly HistoryRun[];
  /** Where the next page begins. */
  readonly next: number | undefined;
}

export interface HistoryRun {
  readonly run: number;
  readonly id: string;
  readonly status: "completed" | "failed" | "cancelled" | "incomplete";
  readonly message: string;
  readonly response: string;
  readonly messages: readonly Message[];
  readonly metadata: JsonObject | undefined;
  readonly usage: Usage;
  readonly error: RunProblem | undefined;
  readonly reason: string | undefined;
  /** How many workers held it, one after the other. */
  readonly attempts: number;
  /** Its last entry: following after it gives what came later. */
  readonly cursor: string;
  readonly acceptedAt: string;
  readonly startedAt: string;
  readonly endedAt: string;
}

export interface ConversationsPage {
  readonly conversations: readonly ConversationSummary[];
  readonly next: string | undefined;
}

export interface ConversationSummary {
  readonly conversationId: string;
  readonly agent: string;
  readonly runs: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}
