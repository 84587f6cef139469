import { AgentError } from "../core/index.ts";
import type { ConversationId } from "../core/index.ts";
import { historyPath } from "../protocol/index.ts";

/** A refusal because entries are gone says where the history is (L6). */
export function withHistoryLink(error: unknown, id: ConversationId): AgentError {
  const known = AgentError.from(error);
  if (known.code !== "stream_expired" && known.code !== "cursor_beyond_log") return known;
  return new AgentError(known.code, known.message, {
    cause: known,
    details: { ...known.details, history: historyPath(id) },
  });
}
