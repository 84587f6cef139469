import { isDeepStrictEqual } from "node:util";
import { cursorOf, isSettled } from "../../core/index.ts";
import type { Conversation, ConversationId, LogEvent } from "../../core/index.ts";
import { conversationNotFound, snapshotProblem } from "../../ports/index.ts";
import type { ConversationSnapshot, ConversationStore } from "../../ports/index.ts";
import { CommandError } from "../command-error.ts";

/** How many entries are read at a time. */
const PAGE = 1000;
/** How often a conversation that is written meanwhile is read anew. */
const MAX_TRIES = 3;

/**
 * Reads a settled conversation as it is at one moment. One that is under way is refused: its copy would do again, in
 * another place, what the original goes on to do.
 */
export async function takeSnapshot(
  store: ConversationStore,
  id: ConversationId,
  onProgress: (entries: number) => void,
): Promise<ConversationSnapshot> {
  for (let tries = 1; tries <= MAX_TRIES; tries++) {
    const before = await settledConversation(store, id);
    const entries = await readEntries(store, before, onProgress);
    const records = await store.history(id);
    const after = await store.conversation(id);
    if (entries && isDeepStrictEqual(after, before)) return wholeSnapshot(before, entries, records);
  }
  throw new CommandError(`the conversation ${id} is being written, again and again: try when it is quiet.`);
}

async function settledConversation(store: ConversationStore, id: ConversationId): Promise<Conversation> {
  const conversation = await store.conversation(id);
  if (!conversation) throw conversationNotFound(id);
  if (isSettled(conversation)) return conversation;
  throw new CommandError(
    `a run of the conversation ${id} is under way or waiting: wait for its end (holdfast follow), or cancel it first.`,
  );
}

/** Undefined when the stream expired while it was read. */
async function readEntries(
  store: ConversationStore,
  { id, base, tip }: Conversation,
  onProgress: (entries: number) => void,
): Promise<readonly LogEvent[] | undefined> {
  const entries: LogEvent[] = [];
  for (let position = base; position !== tip;) {
    const page = await store.read(id, position, PAGE);
    const last = page.at(-1);
    if (!last) return undefined;
    for (const event of page) entries.push(event);
    position = cursorOf(last);
    onProgress(entries.length);
  }
  return entries;
}

function wholeSnapshot(
  { id, agent, createdAt, runs, base, tip, inbox }: Conversation,
  entries: ConversationSnapshot["entries"],
  records: ConversationSnapshot["records"],
): ConversationSnapshot {
  const snapshot = { id, agent, createdAt, runs, base, tip, inbox, entries, records };
  const problem = snapshotProblem(snapshot);
  if (problem === undefined) return snapshot;
  // What a newer version wrote is passed over when it is read: better no copy than one with holes.
  throw new CommandError(
    `the conversation ${id} cannot be copied whole: ${problem}. A newer Holdfast may have written it; use that one.`,
  );
}
