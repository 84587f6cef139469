import { textOf } from "../core/index.ts";
import type { Conversation, ConversationId, Cursor, RunRecord, RunState, Usage } from "../core/index.ts";
import { pendingApprovals } from "./answer-approval.ts";
import type { PendingApproval } from "./answer-approval.ts";
import { loadRun } from "./load-run.ts";
import type { Runtime } from "./runtime.ts";

/** Where a run stands, in the words of durable orchestrations. */
export type RunStatus = "Pending" | "Running" | "Suspended" | "Completed" | "Failed" | "Canceled";

/** One run as its status tells it. */
export interface RunReport {
  readonly run: number;
  readonly id: string;
  readonly status: RunStatus;
  readonly input: string;
  readonly acceptedAt: number;
  readonly startedAt: number | undefined;
  readonly endedAt: number | undefined;
  /** How many runs are before it, for one that waits. */
  readonly position: number | undefined;
  readonly text: string;
  readonly usage: Usage | undefined;
  readonly error: RunRecord["error"];
  /** Why it was cancelled or stopped short. */
  readonly reason: string | undefined;
  readonly attempts: number;
  readonly approvals: readonly PendingApproval[];
}

export interface ConversationReport {
  readonly conversation: Conversation;
  readonly status: RunStatus;
  /** The newest entry: a reader that has it has everything so far. */
  readonly cursor: Cursor;
  readonly runs: readonly RunReport[];
}

const ENDED: Record<RunRecord["status"], RunStatus> = {
  completed: "Completed",
  incomplete: "Completed",
  failed: "Failed",
  cancelled: "Canceled",
};

/** What is known of a conversation's runs. Throws `conversation_not_found`. */
export async function conversationReport(runtime: Runtime, id: ConversationId): Promise<ConversationReport> {
  const { conversation, state } = await loadRun(runtime.store, id);
  const history = await runtime.store.history(id);
  const ended = history.map(reportOfRecord);
  const current = reportOfState(state);
  const running = current && !ended.some((report) => report.run === current.run) ? [current] : [];
  const started = [...ended, ...running];
  const waiting = conversation.inbox
    .filter((item) => item.kind === "run")
    .filter((item) => !started.some((report) => report.run === item.run))
    .map(({ run, id: runId, input, at }, before): RunReport => {
      const position = before + running.length;
      return { ...NOT_STARTED, run, id: runId, input, acceptedAt: at, position };
    });
  const runs = [...started, ...waiting];
  const status = running[0]?.status ?? (waiting.length > 0 ? "Pending" : (runs.at(-1)?.status ?? "Pending"));
  return { conversation, status, cursor: conversation.tip, runs };
}

/** Whether the run with this ordinal has ended, and its record. */
export async function recordOfRun(
  runtime: Runtime,
  id: ConversationId,
  run: number,
): Promise<RunRecord | undefined> {
  const [record] = await runtime.store.history(id, { from: run, limit: 1 });
  return record?.run === run ? record : undefined;
}

const NOT_STARTED = {
  status: "Pending",
  startedAt: undefined,
  endedAt: undefined,
  text: "",
  usage: undefined,
  error: undefined,
  reason: undefined,
  attempts: 0,
  approvals: [],
} as const;

function reportOfRecord(record: RunRecord): RunReport {
  const { run, id, input, acceptedAt, startedAt, endedAt, text, usage, error, reason, attempts } = record;
  const status = ENDED[record.status];
  return {
    run,
    id,
    status,
    input,
    acceptedAt,
    startedAt,
    endedAt,
    position: undefined,
    text,
    usage,
    error,
    reason,
    attempts,
    approvals: [],
  };
}

function reportOfState(state: RunState): RunReport | undefined {
  const { start } = state;
  if (!start || state.end) return undefined;
  const approvals = pendingApprovals(state);
  return {
    run: start.run,
    id: start.id,
    status: isSuspended(state, approvals) ? "Suspended" : "Running",
    input: start.input,
    acceptedAt: start.acceptedAt,
    startedAt: start.at,
    endedAt: undefined,
    position: undefined,
    text: textOf(state),
    usage: state.usage,
    error: undefined,
    reason: undefined,
    attempts: state.attempts,
    approvals,
  };
}

/** A run is suspended when nothing but a person's answer can bring it on. */
function isSuspended(state: RunState, approvals: readonly PendingApproval[]): boolean {
  if (approvals.length === 0) return false;
  const calls = Object.values(state.open?.calls ?? {});
  return calls.every((call) => call.outcome !== undefined || (call.request && !call.response));
}
