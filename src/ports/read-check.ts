import { AgentError, compareCursors, START } from "../core/index.ts";
import type { Conversation, ConversationId, Cursor } from "../core/index.ts";

/**
 * The refusals of a read (L6): throws `stream_expired` when entries after the cursor are no longer kept and
 * `cursor_beyond_log` when the log has not come that far. `START` asks for whatever is kept.
 */
export function requireReadable(log: Pick<Conversation, "id" | "tip" | "base">, after: Cursor): void {
  if (compareCursors(after, log.tip) > 0) {
    throw new AgentError("cursor_beyond_log", `The log ends at ${log.tip}, before the cursor ${after}.`, {
      details: { cursor: after, tip: log.tip },
    });
  }
  if (after !== START && compareCursors(after, log.base) < 0) throw streamExpired(log.id);
}

export function streamExpired(id: ConversationId): AgentError {
  return new AgentError(
    "stream_expired",
    "The stream has expired; the conversation's history is still there.",
    {
      details: { conversation_id: id },
    },
  );
}

export function conversationNotFound(id: ConversationId): AgentError {
  return new AgentError("conversation_not_found", `There is no conversation ${id}.`);
}
