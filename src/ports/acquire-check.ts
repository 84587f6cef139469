import type { Conversation } from "../core/index.ts";
import type { Holder } from "./conversation-store.ts";

/** Whether what a holder looked at is over: a run has ended since, or the conversation is another one of that id. */
export function isOver(
  { settled, createdAt }: Holder,
  conversation: Pick<Conversation, "settled" | "createdAt">,
): boolean {
  if (settled !== undefined && settled !== conversation.settled) return true;
  return createdAt !== undefined && createdAt !== conversation.createdAt;
}
