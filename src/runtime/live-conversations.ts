import { AgentError, cursorOf, isRunEnd } from "../core/index.ts";
import type { ConversationId, Cursor, LogEvent } from "../core/index.ts";
import { conversationNotFound } from "../ports/index.ts";
import type { ConversationStore, EntryListener, EntryStream } from "../ports/index.ts";
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

  function begin(id: ConversationId, from: Cursor, first: LiveListener): void {
    const abort = new AbortController();
    const { signal } = abort;
    const listeners = new Set([first]);
    const topic: Topic = { listeners, abort };
    let position = from;

    function hear(events: readonly LogEvent[]): Promise<void> | undefined {
      const batch = batchOf(events, position);
      position = batch.end;
      if (endsRun(batch) && countsRuns(listeners)) return withRuns(store, id, batch, signal).then(tell);
      tell(batch);
      return undefined;
    }

    function tell(batch: LiveBatch): void {
      for (const listener of listeners) listener.hear(batch);
    }

    function end(reason = CLOSED): void {
      if (topics.get(id) === topic) topics.delete(id);
      for (const listener of listeners) listener.end(reason);
    }

    topics.set(id, topic);
    void listenTo(() => store.follow(id, from, { signal }), { hear, end });
  }

  return {
    join(id, from, listener) {
      const topic = topics.get(id);
      if (topic) topic.listeners.add(listener);
      else begin(id, from, listener);
    },
    leave(id, listener) {
      const topic = topics.get(id);
      if (!topic?.listeners.delete(listener) || topic.listeners.size > 0) return;
      topic.abort.abort(LEFT);
      topics.delete(id);
    },
  };
}

/** Hears entries in whichever way they can be had. */
async function listenTo(open: () => EntryStream, listener: EntryListener): Promise<void> {
  let reason: AgentError | undefined;
  try {
    const entries = open();
    if (entries.listen) return entries.listen(listener);
    for await (const events of entries) await listener.hear(events);
  } catch (error) {
    reason = AgentError.from(error);
  }
  listener.end(reason);
}

/** A store that closes ends what follows it. */
const CLOSED = new AgentError("shutting_down", "The stream was closed.");

/** Why following ends; without a reason, each would be an error with a stack that nobody looks at. */
const LEFT = new AgentError("shutting_down", "Nobody reads the conversation here any more.");

function countsRuns(listeners: Iterable<LiveListener>): boolean {
  for (const listener of listeners) if (listener.countsRuns) return true;
  return false;
}

/** Entries, at least one, that follow a position. */
export function batchOf(events: readonly LogEvent[], after: Cursor): LiveBatch {
  const last = events.at(-1);
  const plain = !events.some(isEndOrReset);
  return { events, after, end: last ? cursorOf(last) : after, plain, runs: undefined };
}

function isEndOrReset(event: LogEvent): boolean {
  return isRunEnd(event) || event.type === "step-reset";
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
