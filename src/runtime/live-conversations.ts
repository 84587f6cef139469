import { AgentError, cursorOf, isRunEnd } from "../core/index.ts";
import type { ConversationId, Cursor, LogEvent } from "../core/index.ts";
import { conversationNotFound } from "../ports/index.ts";
import type { ConversationStore } from "../ports/index.ts";
import { patiently } from "./patiently.ts";

/**
 * Follows each conversation once in this process, however many read it, and hands what is stored to all of them in the
 * same turn and as the same arrays, so that what is made of a batch for one reader serves the others (L12).
 */
export interface LiveConversations {
  /** Hears what is stored from about now on: a listener reads what came before by itself, and drops what it has. */
  join(id: ConversationId, from: Cursor, listener: LiveListener): void;
  /** Hears no more. */
  leave(id: ConversationId, listener: LiveListener): void;
}

export interface LiveListener {
  /** Whether it has to know how many runs there are where one ends. */
  readonly countsRuns: boolean;
  hear(batch: LiveBatch): void;
  /** Nothing more will be heard. */
  end(reason: AgentError): void;
}

/** Entries as one append stored them, or as one read found them, with what each of their readers would ask. */
export interface LiveBatch {
  readonly events: readonly LogEvent[];
  /** The position that the first entry follows without a hole. */
  readonly after: Cursor;
  /** The newest entry. */
  readonly end: Cursor;
  /** Whether none of the entries ends a run or resets a step: whoever may read them is shown all of them. */
  readonly plain: boolean;
  /** How many runs had been accepted when a run ended in this batch; undefined where nobody has to know. */
  readonly runs: number | undefined;
}

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
    let position = from;
    let reason = CLOSED;
    try {
      for await (const events of store.follow(id, from, { signal })) {
        let batch = batchOf(events, position);
        position = batch.end;
        if (endsRun(batch) && countsRuns(topic)) batch = await withRuns(store, id, batch, signal);
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
    },
    leave(id, listener) {
      const topic = topics.get(id);
      if (!topic?.listeners.delete(listener) || topic.listeners.size > 0) return;
      topic.abort.abort(LEFT);
      topics.delete(id);
    },
  };
}

/** A store that closes ends what follows it. */
const CLOSED = new AgentError("shutting_down", "The stream was closed.");

/** Why following ends; without a reason, each would be an error with a stack that nobody looks at. */
const LEFT = new AgentError("shutting_down", "Nobody reads the conversation here any more.");

function countsRuns({ listeners }: Topic): boolean {
  for (const listener of listeners) if (listener.countsRuns) return true;
  return false;
}

/** Entries, at least one, that follow a position. */
export function batchOf(events: readonly LogEvent[], after: Cursor): LiveBatch {
  const last = events.at(-1);
  const plain = !events.some((event) => isRunEnd(event) || event.type === "step-reset");
  return { events, after, end: last ? cursorOf(last) : after, plain, runs: undefined };
}

export function endsRun({ plain, events }: LiveBatch): boolean {
  return !plain && events.some(isRunEnd);
}

/** The same with the number of runs, which tells whether a run that ends in it is the last. Waits for a store that is away. */
export async function withRuns(
  store: ConversationStore,
  id: ConversationId,
  batch: LiveBatch,
  signal: AbortSignal,
): Promise<LiveBatch> {
  const conversation = await patiently(() => store.conversation(id), signal);
  if (!conversation) throw conversationNotFound(id);
  return { ...batch, runs: conversation.runs };
}
