import type { RunRecord } from "../core/index.ts";
import { historyPath, statusPath, streamPath } from "../protocol/index.ts";
import type { ConversationReport, PendingApproval, RunReport } from "../runtime/index.ts";

/** The status of a conversation, as `GET …/run/{id}` tells it. */
export function statusToJson({ conversation, status, cursor, runs }: ConversationReport): unknown {
  const { id, agent, createdAt, updatedAt } = conversation;
  const latest = runs.at(-1);
  return {
    agent,
    conversation_id: id,
    correlation_id: latest?.id,
    status,
    created_at: instant(createdAt),
    updated_at: instant(updatedAt),
    cursor,
    message: latest?.input,
    response: latest?.endedAt === undefined ? undefined : latest.text,
    error: latest?.error,
    approvals: runs.flatMap((run) => run.approvals.map(approvalToJson)),
    runs: runs.map((run) => runToJson(id, run)),
    links: {
      stream: streamPath(id),
      status: statusPath(agent, id),
      history: historyPath(id),
    },
  };
}

function runToJson(conversationId: string, run: RunReport): unknown {
  return {
    run: run.run,
    correlation_id: run.id,
    status: run.status,
    position: run.position,
    message: run.input,
    response: run.endedAt === undefined ? undefined : run.text,
    usage: run.usage && { input_tokens: run.usage.inputTokens, output_tokens: run.usage.outputTokens },
    error: run.error,
    reason: run.reason,
    attempts: run.attempts,
    accepted_at: instant(run.acceptedAt),
    started_at: instant(run.startedAt),
    ended_at: instant(run.endedAt),
    approvals: run.approvals.map(approvalToJson),
    stream: streamPath(conversationId, run.run),
  };
}

function approvalToJson(approval: PendingApproval): unknown {
  return {
    approval_id: approval.approvalId,
    call_id: approval.callId,
    tool: approval.name,
    input: approval.input,
    requested_at: instant(approval.requestedAt),
    expires_at: instant(approval.expiresAt),
  };
}

/** A run of the history, with the messages that it added. */
export function recordToJson(record: RunRecord): unknown {
  return {
    run: record.run,
    correlation_id: record.id,
    status: record.status,
    message: record.input,
    response: record.text,
    messages: record.messages,
    metadata: record.metadata,
    usage: { input_tokens: record.usage.inputTokens, output_tokens: record.usage.outputTokens },
    error: record.error,
    reason: record.reason,
    attempts: record.attempts,
    cursor: record.to,
    accepted_at: instant(record.acceptedAt),
    started_at: instant(record.startedAt),
    ended_at: instant(record.endedAt),
  };
}

/** A moment as ISO 8601. */
export function instant(milliseconds: number): string;
export function instant(milliseconds: number | undefined): string | undefined;
export function instant(milliseconds: number | undefined): string | undefined {
  return milliseconds === undefined ? undefined : new Date(milliseconds).toISOString();
}
