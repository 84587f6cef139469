import { isSettled } from "../core/index.ts";
import type { ConversationId } from "../core/index.ts";
import { conversationNotFound } from "../ports/index.ts";
import type { Runtime } from "./runtime.ts";
import { wake } from "./start-run.ts";

/**
 * Asks that every run accepted so far and not ended be cancelled (L11), or every one up to a given run. Durable when this
 * resolves; asking again changes nothing, and so does asking when all have ended. Throws `conversation_not_found`.
 */
export async function cancelRuns(
  runtime: Runtime,
  id: ConversationId,
  reason?: string,
  last?: number,
): Promise<void> {
  const conversation = await runtime.store.conversation(id);
  if (!conversation) throw conversationNotFound(id);
  if (isSettled(conversation)) return;
  const upTo = Math.min(last ?? conversation.runs, conversation.runs);
  const asked = conversation.inbox.some((item) => item.kind === "cancel" && item.upTo >= upTo);
  if (!asked) {
    await runtime.store.post(id, { kind: "cancel", upTo, ...(reason !== undefined && { reason }) });
  }
  await interrupt(runtime, id);
  await wake(runtime, id);
}

/** Tells whoever drives the conversation to look at its inbox. What it will find is safe already. */
export async function interrupt(runtime: Runtime, id: ConversationId): Promise<void> {
  runtime.metrics.interrupted();
  try {
    await runtime.engine.interrupt(id);
  } catch (error) {
    runtime.logger.warn({ conversation: id, error }, "could not interrupt; the worker looks by itself soon");
  }
}
