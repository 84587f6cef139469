import { compareCursors } from "../../core/index.ts";
import type { ConnectionState } from "../connection-state.ts";
import type { PendingApproval, Problem } from "./conversation-message.ts";
import type {
  ConnectionFacts,
  ConversationFacts,
  ConversationProblem,
  ConversationSnapshot,
} from "./conversation-snapshot.ts";
import type { MessageList } from "./message-list.ts";
import { openRun } from "./transcript.ts";
import type { Transcript } from "./transcript.ts";
import type { ViewState } from "./view-state.ts";

/** What a view shows. */
export function snapshotOf(state: ViewState, messageList: MessageList): ConversationSnapshot {
  const { conversationId, transcript, connection, connections } = state;
  const facts: ConversationFacts = {
    conversationId,
    messages: messageList(state),
    text: transcript.runs.at(-1)?.text ?? "",
    pendingApprovals: approvalsOf(transcript),
    problem: problemOf(state),
    cursor: transcript.cursor,
    connection: connectionFacts(connection, Math.max(0, connections - 1)),
  };
  return withStatus(facts, state);
}

function withStatus(facts: ConversationFacts, state: ViewState): ConversationSnapshot {
  const { problem, pendingApprovals } = facts;
  const { conversationId, transcript, connection } = state;
  if (!state.wanted) return { ...facts, status: "disconnected" };
  if (state.gaveUp) return { ...facts, status: "failed", problem: { of: "following", ...state.gaveUp } };
  const sends = isSending(state);
  if (conversationId === undefined) return { ...facts, status: sends ? "connecting" : "idle" };
  if (!state.reached) return { ...facts, status: "connecting" };
  if (openRun(transcript) || sends || isBehind(state)) {
    if (connection.kind !== "live") return { ...facts, status: "recovering" };
    const [first, ...rest] = pendingApprovals;
    if (first) return { ...facts, status: "waiting-for-approval", pendingApprovals: [first, ...rest] };
    return { ...facts, status: "live" };
  }
  const failure = failureOf(transcript);
  if (failure) return { ...facts, status: "failed", problem: problem ?? { of: "run", ...failure } };
  return { ...facts, status: "done" };
}

/** Whether something that was said here is not in the log yet. */
function isSending({ outbox }: ViewState): boolean {
  return outbox.some(({ delivery }) => delivery.state !== "not-sent");
}

/** Whether there is something in the log that is not shown yet: a conversation has a run from its beginning. */
function isBehind({ transcript: { cursor, runs }, tip }: ViewState): boolean {
  if (runs.length === 0) return true;
  return tip !== undefined && cursor !== undefined && compareCursors(cursor, tip) < 0;
}

function problemOf(state: ViewState): ConversationProblem | undefined {
  const { gaveUp, refused, transcript } = state;
  if (gaveUp) return { of: "following", ...gaveUp };
  if (refused) return { of: "action", ...refused };
  // Who goes on talking has left it behind.
  const failure = isSending(state) ? undefined : failureOf(transcript);
  return failure && { of: "run", ...failure };
}

function failureOf({ runs }: Transcript): Problem | undefined {
  const outcome = runs.at(-1)?.outcome;
  return outcome?.state === "failed" ? outcome.problem : undefined;
}

function approvalsOf(transcript: Transcript): readonly PendingApproval[] {
  const parts = openRun(transcript)?.parts ?? [];
  return parts.flatMap((part) =>
    part.type === "tool-call" && part.call.state === "waiting-for-approval" ? [part.call.approval] : [],
  );
}

function connectionFacts(state: ConnectionState, reconnects: number): ConnectionFacts {
  switch (state.kind) {
    case "connecting":
    case "live":
      return { state: state.kind, reconnects, retryAt: undefined };
    case "waiting-to-retry":
    case "offline":
      return { state: state.kind, reconnects, retryAt: state.dueAt };
    case "idle":
    case "ended":
    case "failed":
    case "aborted":
      return { state: "closed", reconnects, retryAt: undefined };
  }
}
