import { compareCursors, cursorOf, isRunEnd } from "../core/index.ts";
import type { ConversationId, Cursor, LogEvent } from "../core/index.ts";
import { conversationNotFound, streamExpired } from "../ports/index.ts";
import { recordOfRun } from "./run-status.ts";
import type { Runtime } from "./runtime.ts";

/** How many entries one read of the store asks for. */
const PAGE = 1000;

/**
 * The entries of a run that are stored now, withdrawn ones too; none while it waits for its turn. Throws
 * `conversation_not_found`, and `stream_expired` once they are gone.
 */
export async function* runEntries(
  runtime: Runtime,
  id: ConversationId,
  run: number,
): AsyncGenerator<LogEvent> {
  const { store } = runtime;
  // Looked at before the record: a run that ends in between is still read from before its beginning.
  const conversation = await store.conversation(id);
  if (!conversation) throw conversationNotFound(id);
  const record = await recordOfRun(runtime, id, run);
  let position: Cursor = record?.from ?? conversation.settled;
  if (compareCursors(conversation.base, position) > 0) throw streamExpired(id);
  for (;;) {
    const events = await store.read(id, position, PAGE);
    for (const event of events) {
      if (event.run !== run) continue;
      yield event;
      if (isRunEnd(event)) return;
    }
    const last = events.at(-1);
    if (last && events.length === PAGE) {
      position = cursorOf(last);
      continue;
    }
    // Of a run that has ended there is an end, unless it has just expired.
    if (record) throw streamExpired(id);
    return;
  }
}
