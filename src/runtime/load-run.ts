import { cursorOf, foldRun, NOTHING_LOGGED } from "../core/index.ts";
import type { Conversation, ConversationId, Cursor, LogEvent, RunState } from "../core/index.ts";
import type { ConversationStore } from "../ports/index.ts";
import { conversationNotFound } from "../ports/index.ts";

const PAGE = 1000;

/** A conversation with the fold of the run that is under way in it, if one is. */
export interface LoadedRun {
  readonly conversation: Conversation;
  readonly state: RunState;
  /** The newest entry of the run under way. */
  readonly last: LogEvent | undefined;
  /** How far the log had come: an entry that follows this one finds everything as it is here. */
  readonly position: Cursor;
}

/** Folds what was logged since the newest run ended. Throws `conversation_not_found`. */
export async function loadRun(store: ConversationStore, id: ConversationId): Promise<LoadedRun> {
  for (;;) {
    const conversation = await store.conversation(id);
    if (!conversation) throw conversationNotFound(id);
    const { settled, tip } = conversation;
    // Where a run waits or nothing is left to do, there is nothing to read.
    if (tip === settled) return { conversation, state: NOTHING_LOGGED, last: undefined, position: settled };
    const { state, last } = await foldAfter(store, id, settled);
    // A run that ended in between would be folded together with the next one: look again.
    const position = last ? cursorOf(last) : settled;
    if (state.end === undefined) return { conversation, state, last, position };
    const now = await store.conversation(id);
    if (now?.settled === settled) return { conversation: now, state, last, position };
  }
}

async function foldAfter(
  store: ConversationStore,
  id: ConversationId,
  after: Cursor,
): Promise<{ readonly state: RunState; readonly last: LogEvent | undefined }> {
  let state = NOTHING_LOGGED;
  let last: LogEvent | undefined;
  let position = after;
  for (;;) {
    const events = await store.read(id, position, PAGE);
    state = foldRun(events, state);
    last = events.at(-1) ?? last;
    if (events.length < PAGE) return { state, last };
    position = state.tip;
  }
}
