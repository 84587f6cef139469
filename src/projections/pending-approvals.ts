import type { ApprovalRequest, LogEvent } from "../core/index.ts";
import { isRunEnd } from "../core/index.ts";

/** The requests for leave that nobody has answered, in the order in which they were made. */
export type PendingRequests = readonly ApprovalRequest[];

/** The same after one more entry. */
export function pendingAfter(pending: PendingRequests, event: LogEvent): PendingRequests {
  if (event.type === "approval-request") return [...pending, event];
  if (isRunEnd(event)) return [];
  const isOver =
    event.type === "approval-response" || event.type === "tool-result" || event.type === "tool-error";
  return isOver && pending.length > 0 ? pending.filter(({ callId }) => callId !== event.callId) : pending;
}
