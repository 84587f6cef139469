import type { AgentMessage, PendingApproval } from "holdfast/react";

/** What someone who does not look has to know now, in one sentence; the empty one when there is nothing. */
export function milestoneOf({
  agent,
  answer,
  isPulled,
  pendingApprovals,
}: {
  readonly agent: string;
  readonly answer: AgentMessage | undefined;
  readonly isPulled: boolean;
  readonly pendingApprovals: readonly PendingApproval[];
}): string {
  if (isPulled) return "The plug is pulled. The agent goes on; nothing of it arrives here.";
  const [approval] = pendingApprovals;
  if (approval) return `${agent} asks whether it may call ${approval.tool}.`;
  if (!answer) return "";
  switch (answer.outcome.state) {
    case "streaming":
      return `${agent} is answering.`;
    case "waiting-for-approval":
      return `${agent} waits for a person.`;
    case "completed":
      return `${agent} has answered.`;
    case "failed":
      return `The answer failed: ${answer.outcome.problem.message}`;
    case "cancelled":
      return "The answer was stopped.";
    case "incomplete":
      return "The answer stops short.";
  }
}
