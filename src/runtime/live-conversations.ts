import { AgentError, attemptOf, cursorAt, isRunEnd, seqOf } from "../core/index.ts";
import type { ConversationId, Cursor, LogEvent } from "../core/index.ts";
import { conversationNotFound } from "../ports/index.ts";
import type { ConversationStore, EntryListener } from "../ports/index.ts";
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
  /**
   * The position that the first entry follows without a hole, in its parts: a cursor printed for every batch would be kept
   * until the next one, and so outlive what it is looked at for.
   */
  readonly afterAttempt: number;
  readonly afterSeq: number;
  /** Whether none of the entries ends a run or resets a step: whoever may read them is shown all of them. */
  readonly plain: boolean;
  /** How many runs had been accepted when a run ended in this batch; undefined where nobody has to know. */
  readonly runs: number | undefined;
}

export function createLiveConversations(store: ConversationStore): LiveConversations {
  const topics = new Map<ConversationId, LiveTopic>();
  return {
    join(id, from, listener) {
      const known = topics.get(id);
      const topic = known ?? new LiveTopic(store, id, from, topics);
      topic.add(listener);
      if (known) return;
      topics.set(id, topic);
      void topic.begin();
    },
    leave: (id, listener) => topics.get(id)?.remove(listener),
  };
}

/** A conversation that is followed, and whoever reads it here. Everything stored goes through one: an object without closures. */
class LiveTopic implements EntryListener {
  readonly #store: ConversationStore;
  readonly #id: ConversationId;
  readonly #topics: Map<ConversationId, LiveTopic>;
  readonly #abort = new AbortController();
  /** The position, in its parts. */
  #attempt: number;
  #seq: number;
  /** Most conversations are read by one: the others are looked through only where there are some. */
  #listener: LiveListener | undefined;
  #others: Set<LiveListener> | undefined;

  constructor(
    store: ConversationStore,
    id: ConversationId,
    from: Cursor,
    topics: Map<ConversationId, LiveTopic>,
  ) {
    this.#store = store;
    this.#id = id;
    this.#attempt = attemptOf(from);
    this.#seq = seqOf(from);
    this.#topics = topics;
  }

  add(listener: LiveListener): void {
    if (!this.#listener) this.#listener = listener;
    else (this.#others ??= new Set()).add(listener);
  }

  remove(listener: LiveListener): void {
    if (this.#listener === listener) this.#listener = undefined;
    else if (!this.#others?.delete(listener)) return;
    if (this.#others?.size === 0) this.#others = undefined;
    if (this.#listener || this.#others) return;
    this.#topics.delete(this.#id);
    this.#abort.abort(LEFT);
  }

  /** Hears entries in whichever way they can be had. */
  async begin(): Promise<void> {
    let reason: AgentError | undefined;
    try {
      const entries = this.#store.follow(this.#id, cursorAt(this.#attempt, this.#seq), {
        signal: this.#abort.signal,
      });
      if (entries.listen) return entries.listen(this);
      for await (const events of entries) await this.hear(events);
    } catch (error) {
      reason = AgentError.from(error);
    }
    this.end(reason);
  }

  hear(events: readonly LogEvent[]): Promise<void> | undefined {
    const batch = batchOf(events, this.#attempt, this.#seq);
    const last = events.at(-1);
    if (last) {
      this.#attempt = last.attempt;
      this.#seq = last.seq;
    }
    if (endsRun(batch) && this.#countsRuns()) return this.#tellWithRuns(batch);
    this.#tell(batch);
    return undefined;
  }

  end(reason: AgentError = CLOSED): void {
    if (this.#topics.get(this.#id) === this) this.#topics.delete(this.#id);
    this.#listener?.end(reason);
    if (this.#others) for (const listener of this.#others) listener.end(reason);
  }

  #tell(batch: LiveBatch): void {
    this.#listener?.hear(batch);
    if (this.#others) for (const listener of this.#others) listener.hear(batch);
  }

  #countsRuns(): boolean {
    if (this.#listener?.countsRuns) return true;
    for (const listener of this.#others ?? []) if (listener.countsRuns) return true;
    return false;
  }

  async #tellWithRuns(batch: LiveBatch): Promise<void> {
    this.#tell(await withRuns(this.#store, this.#id, batch, this.#abort.signal));
  }
}

/** A store that closes ends what follows it. */
const CLOSED = new AgentError("shutting_down", "The stream was closed.");

/** Why following ends; without a reason, each would be an error with a stack that nobody looks at. */
const LEFT = new AgentError("shutting_down", "Nobody reads the conversation here any more.");

/** Entries that follow a position. */
export function batchOf(events: readonly LogEvent[], afterAttempt: number, afterSeq: number): LiveBatch {
  return { events, afterAttempt, afterSeq, plain: isPlain(events), runs: undefined };
}

export function isPlain(events: readonly LogEvent[]): boolean {
  return !events.some(isEndOrReset);
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
