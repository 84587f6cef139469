import type {
  ConversationsPage,
  ConversationStatus,
  HistoryPage,
  HistoryRun,
  PendingApproval,
  RunStatus,
  StartedRun,
} from "./answers.ts";
import { ClientError } from "./client-error.ts";

/**
 * From the wire's names to ours. That an answer is one of Holdfast is checked once, by its shape; within it the fields
 * are trusted, as the server's OpenAPI document states them.
 */
type Wire = Readonly<Record<string, unknown>>;

export function readStarted(answer: unknown): StartedRun {
  const wire = wireOf(answer, "correlation_id");
  return {
    conversationId: wire["conversation_id"],
    run: wire["run"],
    id: wire["correlation_id"],
    message: wire["message"],
  } as StartedRun;
}

export function readStatus(answer: unknown): ConversationStatus {
  const wire = wireOf(answer, "status");
  return {
    agent: wire["agent"],
    conversationId: wire["conversation_id"],
    status: wire["status"],
    cursor: wire["cursor"],
    createdAt: wire["created_at"],
    updatedAt: wire["updated_at"],
    runs: list(wire["runs"], readRun),
    approvals: list(wire["approvals"], readApproval),
  } as ConversationStatus;
}

function readRun(wire: Wire): RunStatus {
  return {
    run: wire["run"],
    id: wire["correlation_id"],
    status: wire["status"],
    message: wire["message"],
    response: wire["response"],
    error: wire["error"],
    reason: wire["reason"],
  } as RunStatus;
}

function readApproval(wire: Wire): PendingApproval {
  return {
    approvalId: wire["approval_id"],
    callId: wire["call_id"],
    tool: wire["tool"],
    input: wire["input"],
  } as PendingApproval;
}

export function readHistory(answer: unknown): HistoryPage {
  const wire = wireOf(answer, "runs");
  return {
    conversationId: wire["conversation_id"],
    agent: wire["agent"],
    cursor: wire["cursor"],
    runs: list(wire["runs"], readRecord),
    next: wire["next"] ?? undefined,
  } as HistoryPage;
}

function readRecord(wire: Wire): HistoryRun {
  const usage = wire["usage"] as { readonly input_tokens: number; readonly output_tokens: number };
  return {
    run: wire["run"],
    id: wire["correlation_id"],
    status: wire["status"],
    message: wire["message"],
    response: wire["response"],
    messages: wire["messages"],
    metadata: wire["metadata"],
    usage: { inputTokens: usage.input_tokens, outputTokens: usage.output_tokens },
    error: wire["error"],
    reason: wire["reason"],
    attempts: wire["attempts"],
    cursor: wire["cursor"],
    acceptedAt: wire["accepted_at"],
    startedAt: wire["started_at"],
    endedAt: wire["ended_at"],
  } as HistoryRun;
}

export function readConversations(answer: unknown): ConversationsPage {
  const wire = wireOf(answer, "conversations");
  const conversations = list(wire["conversations"], (each) => ({
    conversationId: each["conversation_id"],
    agent: each["agent"],
    runs: each["runs"],
    createdAt: each["created_at"],
    updatedAt: each["updated_at"],
  }));
  return { conversations, next: wire["next"] ?? undefined } as ConversationsPage;
}

function list<Item>(value: unknown, read: (wire: Wire) => Item): readonly Item[] {
  return Array.isArray(value) ? value.map((each) => read(each as Wire)) : [];
}

function wireOf(answer: unknown, field: string): Wire {
  if (typeof answer === "object" && answer !== null && field in answer) return answer as Wire;
  throw new ClientError("unexpected_answer", `The answer has no ${field}: is this a Holdfast server?`);
}
