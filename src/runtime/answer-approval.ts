import { AgentError, approvalIdOf } from "../core/index.ts";
import type { ConversationId, RunState } from "../core/index.ts";
import { interrupt } from "./cancel-run.ts";
import { loadRun } from "./load-run.ts";
import type { Runtime } from "./runtime.ts";
import { wake } from "./start-run.ts";

export interface Verdict {
  readonly approved: boolean;
  readonly reason?: string | undefined;
}

/** A request for a person's leave, open until it is answered. */
export interface PendingApproval {
  readonly approvalId: string;
  readonly callId: string;
  readonly name: string;
  readonly input: unknown;
  readonly requestedAt: number;
  readonly expiresAt: number | undefined;
}

/**
 * Answers a request for leave; the run goes on, on any node. Durable when this resolves. The first answer counts: asking
 * again changes nothing. Throws `conversation_not_found` and `approval_not_found`.
 */
export async function answerApproval(
  runtime: Runtime,
  id: ConversationId,
  approvalId: string,
  verdict: Verdict,
): Promise<void> {
  const { conversation, state } = await loadRun(runtime.store, id);
  if (!wasRequested(state, approvalId)) {
    if (await wasAnsweredEarlier(runtime, id, approvalId)) return;
    throw new AgentError(
      "approval_not_found",
      `Nothing in this conversation waits for the approval ${approvalId}.`,
    );
  }
  const open = pendingApprovals(state).some((approval) => approval.approvalId === approvalId);
  const answered = conversation.inbox.some(
    (item) => item.kind === "approval" && item.approvalId === approvalId,
  );
  if (open && !answered) {
    const { approved, reason } = verdict;
    await runtime.store.post(id, {
      kind: "approval",
      approvalId,
      approved,
      ...(reason !== undefined && { reason }),
    });
  }
  await interrupt(runtime, id);
  await wake(runtime, id);
}

/** The requests of the run under way that nobody has answered. */
export function pendingApprovals(state: RunState): readonly PendingApproval[] {
  return Object.values(state.open?.calls ?? {}).flatMap(({ request, response, outcome }) =>
    request && !response && !outcome
      ? [
          {
            approvalId: request.approvalId,
            callId: request.callId,
            name: request.name,
            input: request.input,
            requestedAt: request.at,
            expiresAt: request.expiresAt,
          },
        ]
      : [],
  );
}

function wasRequested(state: RunState, approvalId: string): boolean {
  return Object.values(state.open?.calls ?? {}).some(({ request }) => request?.approvalId === approvalId);
}

/** An approval id names its run, step and call, so that answers that come late are still known for what they are. */
async function wasAnsweredEarlier(
  runtime: Runtime,
  id: ConversationId,
  approvalId: string,
): Promise<boolean> {
  const run = Number(approvalId.split(":")[0]);
  if (!Number.isSafeInteger(run) || run < 1) return false;
  const { state } = await loadRun(runtime.store, id);
  const underWay = state.start?.run === run ? state.messages : undefined;
  const [record] = underWay ? [] : await runtime.store.history(id, { from: run, limit: 1 });
  const messages = underWay ?? (record?.run === run ? record.messages : []);
  // The first message is the user's, and each step adds one: the calls of message n are the round of step n + 1.
  return messages.some(
    (message, index) =>
      message.role === "assistant" &&
      message.content.some(
        (part) => part.type === "tool-call" && approvalId === approvalIdOf(run, index + 1, part.toolCallId),
      ),
  );
}
