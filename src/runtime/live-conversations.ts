import { AgentError, cursorOf, isRunEnd } from "../core/index.ts";
import type { ConversationId, Cursor, LogEvent } from "../core/index.ts";
import { conversationNotFound } from "../ports/index.ts";
import type { ConversationStore } from "../ports/index.ts";

/**
 * Follows each conversation once in this process, however many read it, and hands what is stored to all of them in the
 * same turn and as the same arrays, so that what is made of a batch for one reader serves the others (L12).
 */
export interface LiveConversations {
  /** Hears what is stored from about now on: a listener reads what came before by itself, and drops what it has. */
  join(id: ConversationId, from: Cursor, listener: LiveListener): LeaveConversation;
}

export interface LiveListener {
  readonly hear: (batch: LiveBatch) => void;
  /** Nothing more will be heard. */
  readonly end: (reason: AgentError) => void;
}

/** Entries as one append stored them, or as one read found them. */
export interface LiveBatch {
  readonly events: readonly LogEvent[];
  /** How many runs had been accepted when a run ended in this batch; undefined in a batch without an end. */
  readonly runs: number | undefined;
}

export type LeaveConversation = () => void;

interface Topic {
  readonly listeners: Set<LiveListener>;
  readonly abort: AbortController;
}

export function createLiveConversations(store: ConversationStore): LiveConversations {
  const topics = new Map<ConversationId, Topic>();

  function begin(id: ConversationId, from: Cursor): Topic {
    const topic: Topic = { listeners: new Set(), abort: new AbortController() };
    topics.set(id, topic);
    void pump(id, from, topic);
    return topic;
  }

  async function pump(id: ConversationId, from: Cursor, topic: Topic): Promise<void> {
    const { signal } = topic.abort;
    let reason = new AgentError("shutting_down", "The stream was closed.");
    try {
      for await (const events of store.follow(id, from, { signal })) {
        const batch = await batchOf(store, id, events);
        for (const listener of topic.listeners) listener.hear(batch);
      }
    } catch (error) {
      reason = AgentError.from(error);
    }
    if (topics.get(id) === topic) topics.delete(id);
    for (const listener of topic.listeners) listener.end(reason);
  }

  return {
    join(id, from, listener) {
      const topic = topics.get(id) ?? begin(id, from);
      topic.listeners.add(listener);
      return () => {
        topic.listeners.delete(listener);
        if (topic.listeners.size > 0) return;
        topic.abort.abort();
        if (topics.get(id) === topic) topics.delete(id);
      };
    },
  };
}

/** Entries with what must be known of the conversation to tell whether they end a reading. */
export async function batchOf(
  store: ConversationStore,
  id: ConversationId,
  events: readonly LogEvent[],
): Promise<LiveBatch> {
  if (!events.some(isRunEnd)) return { events, runs: undefined };
  const conversation = await store.conversation(id);
  if (!conversation) throw conversationNotFound(id);
  return { events, runs: conversation.runs };
}

/** The newest entry of a batch. */
export function endOf({ events }: LiveBatch): Cursor | undefined {
  const last = events.at(-1);
  return last && cursorOf(last);
}
