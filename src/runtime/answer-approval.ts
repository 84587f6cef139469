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

/** A verdict with what it is about. */
export interface ApprovalVerdict extends Verdict {
  readonly approvalId: string;
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
  await answerApprovals(runtime, id, [{ approvalId, ...verdict }]);
}

/** Answers several at once: a run that waits for all of them goes on when it has all. */
export async function answerApprovals(
  runtime: Runtime,
  id: ConversationId,
  verdicts: readonly ApprovalVerdict[],
): Promise<void> {
  const { conversation, state } = await loadRun(runtime.store, id);
  const asked = verdicts.filter(({ approvalId }) => wasRequested(state, approvalId));
  for (const { approvalId } of verdicts) {
    if (wasRequested(state, approvalId) || (await wasAnsweredEarlier(runtime, id, approvalId))) continue;
    throw new AgentError(
      "approval_not_found",
      `Nothing in this conversation waits for the approval ${approvalId}.`,
    );
  }
  if (asked.length === 0) return;
  const open = new Set(pendingApprovals(state).map(({ approvalId }) => approvalId));
  for (const item of conversation.inbox) if (item.kind === "approval") open.delete(item.approvalId);
  for (const { approvalId, approved, reason } of asked) {
    if (!open.delete(approvalId)) continue;
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
  const [run = 0, step = 0] = approvalId.split(":").map(Number);
  if (!Number.isSafeInteger(run) || run < 1) return false;
  const { state } = await loadRun(runtime.store, id);
  const underWay = state.start?.run === run ? state.messages : undefined;
  const [record] = underWay ? [] : await runtime.store.history(id, { from: run, limit: 1 });
  const messages = underWay ?? (record?.run === run ? record.messages : []);
  // After the user's message each step adds one, and its calls are the round of the next step. Answers that were broken off
  // and gone on from are one message of several steps, which makes rounds come later.
  const input = messages.findLastIndex(({ role }) => role === "user");
  return messages.some(
    (message, index) =>
      message.role === "assistant" &&
      step > index - input &&
      message.content.some(
        (part) => part.type === "tool-call" && approvalId === approvalIdOf(run, step, part.toolCallId),
      ),
  );
}
