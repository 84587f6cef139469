import { AgentError, attemptOf, compareCursors, cursorAt, seqOf } from "../../core/index.ts";
import type { ConversationId, Cursor, LogEvent } from "../../core/index.ts";
import { conversationNotFound } from "../../ports/index.ts";
import type { EntryListener, EntryStream } from "../../ports/index.ts";

/** How many entries a follower that has fallen behind may hold; past it they are read from the store again (L12). */
export const MAX_ENTRIES_HELD = 1024;
/** How many entries one range read asks for. */
export const PAGE_SIZE = 512;

export interface FollowHubOptions {
  /** Reads a page from the store, with the refusals of `ConversationStore.read`. */
  readonly read: (id: ConversationId, after: Cursor, limit: number) => Promise<readonly LogEvent[]>;
  /** Called when the first follower of a conversation comes; resolves once live entries are being heard. */
  readonly subscribe?: (id: ConversationId) => Promise<void>;
  /** Called when the last follower of a conversation goes. */
  readonly unsubscribe?: (id: ConversationId) => void;
}

/**
 * Joins what is stored and what is just being written into one gapless sequence for each follower of this process.
 * Live entries are handed on as they are heard; whatever was missed, and whatever came before, is read from the store.
 */
export interface FollowHub {
  follow(id: ConversationId, after: Cursor, signal: AbortSignal): EntryStream;
  /**
   * Hands on entries that have just been stored. Gives the conversation's topic, if it is followed; who gives it back with
   * the next entries spares them the search.
   */
  publish(id: ConversationId, events: readonly LogEvent[], known?: FollowTopic): FollowTopic | undefined;
  /** Makes the followers of a conversation look at the store: something may have been missed. */
  refresh(id: ConversationId): void;
  /** Ends the followers of a conversation that is no more. */
  remove(id: ConversationId): void;
  /** The conversations that are followed. */
  followed(): readonly ConversationId[];
  /** How far the furthest follower of a conversation is; undefined when it has none. */
  position(id: ConversationId): Cursor | undefined;
  /** Ends all followers. */
  close(): void;
}

/** The followers of one conversation. */
export interface FollowTopic {
  readonly isFollowed: boolean;
  publish(events: readonly LogEvent[]): void;
}

export function createFollowHub(options: FollowHubOptions): FollowHub {
  const topics = new Map<ConversationId, Topic>();
  let closed = false;

  const board: Board = {
    read: options.read,
    isClosed: () => closed,
    join(follower) {
      const { id } = follower;
      let topic = topics.get(id);
      if (!topic) {
        topic = new Topic(options.subscribe?.(id) ?? Promise.resolve());
        topics.set(id, topic);
      }
      topic.add(follower);
      return topic;
    },
    leave(topic, follower) {
      const { id } = follower;
      topic.remove(follower);
      if (topic.isFollowed) return;
      topics.delete(id);
      options.unsubscribe?.(id);
    },
  };

  function followersOf(id: ConversationId): readonly Follower[] {
    return topics.get(id)?.followers ?? NOBODY;
  }

  return {
    follow: (id, after, signal) => new Follower(board, id, after, signal),
    publish(id, events, known) {
      // A topic that somebody follows is the conversation's: when the last has left, it is never followed again.
      const topic = known?.isFollowed ? known : topics.get(id);
      topic?.publish(events);
      return topic;
    },
    refresh(id) {
      for (const follower of followersOf(id)) follower.refresh();
    },
    remove(id) {
      for (const follower of followersOf(id)) follower.end(conversationNotFound(id));
    },
    followed: () => [...topics.keys()],
    position: (id) => furthest(followersOf(id)),
    close() {
      closed = true;
      for (const { followers } of topics.values()) {
        for (const follower of followers) follower.end(CLOSED);
      }
    },
  };
}

const CLOSED = new AgentError("shutting_down", "The store is being closed.");

const NOBODY: readonly Follower[] = [];

class Topic implements FollowTopic {
  readonly listening: Promise<void>;
  /** Mostly the only one: a process follows a conversation once. */
  #follower: Follower | undefined;
  /** Made anew with each change, so that whoever goes through them may change them. */
  #others: readonly Follower[] = NOBODY;

  constructor(listening: Promise<void>) {
    this.listening = listening;
  }

  get isFollowed(): boolean {
    return this.#follower !== undefined || this.#others.length > 0;
  }

  get followers(): readonly Follower[] {
    return this.#follower ? [this.#follower, ...this.#others] : this.#others;
  }

  add(follower: Follower): void {
    if (this.#follower) this.#others = [...this.#others, follower];
    else this.#follower = follower;
  }

  remove(follower: Follower): void {
    if (this.#follower === follower) this.#follower = undefined;
    else this.#others = this.#others.filter((other) => other !== follower);
  }

  publish(events: Batch): void {
    const others = this.#others;
    this.#follower?.hear(events);
    if (others.length > 0) for (const follower of others) follower.hear(events);
  }
}

/** What a follower knows of its hub. */
interface Board {
  readonly read: FollowHubOptions["read"];
  isClosed(): boolean;
  join(follower: Follower): Topic;
  leave(topic: Topic, follower: Follower): void;
}

type Batch = readonly LogEvent[];

/**
 * Where one follower is, and what it has heard but not taken. Every live entry of every conversation comes through one,
 * and is handed on in the turn in which it is heard. It has one reader, which iterates or listens.
 */
class Follower implements EntryStream, AsyncIterableIterator<Batch> {
  readonly id: ConversationId;
  readonly #board: Board;
  readonly #signal: AbortSignal;
  readonly #onAbort = (): void => this.end();
  /** The position, as its parts: to print it for every batch would cost more than the rest of it. */
  #attempt: number;
  #seq: number;
  /** From the first question on, until the end. */
  #topic: Topic | undefined;
  /** Something may have been missed, or came before: the store must be asked. */
  #mustRead = true;
  /** A read is under way, or the wait for live entries to be heard. */
  #reading = false;
  #heard: Batch[] = [];
  #entriesHeard = 0;
  #end: { readonly reason: AgentError | undefined } | undefined;
  /** Whether the reader waits for what comes next. */
  #asked = false;
  #question: Question | undefined;
  #listener: EntryListener | undefined;

  constructor(board: Board, id: ConversationId, after: Cursor, signal: AbortSignal) {
    this.#board = board;
    this.id = id;
    this.#signal = signal;
    this.#attempt = attemptOf(after);
    this.#seq = seqOf(after);
  }

  get position(): Cursor {
    return cursorAt(this.#attempt, this.#seq);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Batch, undefined>> {
    return new Promise((resolve, reject) => {
      this.#question = { resolve, reject };
      this.#ask();
    });
  }

  listen(listener: EntryListener): void {
    this.#listener = listener;
    this.#ask();
  }

  async return(): Promise<IteratorResult<Batch, undefined>> {
    this.end();
    this.#leave();
    return DONE;
  }

  hear(events: Batch): void {
    // Of what a newer version wrote nothing may be left.
    if (events.length === 0) return;
    if (this.#isAtHand && this.#isNextPiece(events)) {
      this.#advance(events);
      this.#give(events);
      return;
    }
    if (this.#entriesHeard + events.length > MAX_ENTRIES_HELD) {
      this.#forget();
      this.#mustRead = true;
    } else {
      this.#heard.push(events);
      this.#entriesHeard += events.length;
    }
    this.#serve();
  }

  /** Whether the reader waits for just what is heard next, as it does nearly always. */
  get #isAtHand(): boolean {
    if (!this.#asked || this.#end) return false;
    return !this.#reading && !this.#mustRead && this.#entriesHeard === 0;
  }

  refresh(): void {
    this.#mustRead = true;
    this.#serve();
  }

  end(reason?: AgentError): void {
    this.#end ??= { reason };
    this.#serve();
  }

  #ask(): void {
    this.#asked = true;
    if (!this.#topic) this.#begin();
    this.#serve();
  }

  #begin(): void {
    if (this.#signal.aborted || this.#board.isClosed()) this.#end ??= { reason: undefined };
    if (this.#end) return;
    this.#signal.addEventListener("abort", this.#onAbort, { once: true });
    this.#topic = this.#board.join(this);
    void this.#whileReading(async ({ listening }) => {
      await listening;
      return [];
    }, this.#topic);
  }

  /** Gives the reader that waits what there is for it, if there is anything. */
  #serve(): void {
    if (!this.#asked) return;
    if (this.#end) this.#finish(this.#end.reason);
    else if (this.#reading || !this.#topic) return;
    else if (this.#mustRead) this.#read(this.#topic);
    else this.#giveHeard();
  }

  #giveHeard(): void {
    if (this.#heard.length === 0) return;
    const heard = this.#takeHeard();
    if (heard.length > 0) this.#give(heard);
    // There was a hole.
    else this.#serve();
  }

  #give(batch: Batch): void {
    this.#asked = false;
    if (this.#listener) this.#tell(this.#listener, batch);
    else this.#question?.resolve({ done: false, value: batch });
  }

  /** A listener has asked for more as soon as it has taken what there was. */
  #tell(listener: EntryListener, batch: Batch): void {
    try {
      const taking = listener.hear(batch);
      if (taking) {
        taking.then(
          () => this.#ask(),
          (error: unknown) => this.#giveUp(error),
        );
        return;
      }
    } catch (error) {
      this.#giveUp(error);
      return;
    }
    this.#ask();
  }

  #giveUp(error: unknown): void {
    this.#end ??= { reason: AgentError.from(error) };
    this.#ask();
  }

  #finish(reason: AgentError | undefined): void {
    this.#asked = false;
    this.#leave();
    // Told once; who asks again is told that it is over.
    this.#end = { reason: undefined };
    if (this.#listener) void tellEnd(this.#listener, reason);
    else if (reason) this.#question?.reject(reason);
    else this.#question?.resolve(DONE);
  }

  #leave(): void {
    this.#signal.removeEventListener("abort", this.#onAbort);
    if (this.#topic) this.#board.leave(this.#topic, this);
    this.#topic = undefined;
    this.#forget();
  }

  /** On its own: whoever asks for a live entry would pay for the function. */
  #read(topic: Topic): void {
    void this.#whileReading(() => this.#readPage(), topic);
  }

  async #whileReading(read: (topic: Topic) => Promise<Batch>, topic: Topic): Promise<void> {
    this.#reading = true;
    let page: Batch = [];
    try {
      page = await read(topic);
    } catch (error) {
      this.#end ??= { reason: AgentError.from(error) };
    }
    this.#reading = false;
    if (page.length > 0 && this.#asked) this.#give(page);
    else this.#serve();
  }

  async #readPage(): Promise<Batch> {
    this.#mustRead = false;
    const page = await this.#board.read(this.id, this.position, PAGE_SIZE);
    this.#advance(page);
    // A full page may have more behind it; a short one reached the tip, and live entries take over.
    if (page.length >= PAGE_SIZE) this.#mustRead = true;
    return page;
  }

  /** What was heard and joins on to the position, up to the first hole; a hole makes the next thing a read. */
  #takeHeard(): Batch {
    const [first] = this.#heard;
    const heard = this.#heard.length === 1 && first ? first : this.#heard.flat();
    this.#forget();
    const joined = this.#isNextPiece(heard) ? heard : this.#joinOn(heard);
    this.#advance(joined);
    return joined;
  }

  /** Whether entries follow the position without a hole, as what one append stored does: then they are handed on as they are. */
  #isNextPiece(entries: Batch): boolean {
    let before: LogEvent | undefined;
    for (const event of entries) {
      if (!(before ? follows(event, before.attempt, before.seq) : this.#isNext(event))) return false;
      before = event;
    }
    return true;
  }

  #isNext(event: LogEvent): boolean {
    return follows(event, this.#attempt, this.#seq);
  }

  #joinOn(heard: Batch): Batch {
    const joined: LogEvent[] = [];
    let attempt = this.#attempt;
    let seq = this.#seq;
    for (const event of heard) {
      if (event.attempt < attempt || (event.attempt === attempt && event.seq <= seq)) continue;
      if (!follows(event, attempt, seq)) {
        this.#mustRead = true;
        break;
      }
      joined.push(event);
      ({ attempt, seq } = event);
    }
    return joined;
  }

  #advance(entries: Batch): void {
    const last = entries.at(-1);
    if (!last) return;
    this.#attempt = last.attempt;
    this.#seq = last.seq;
  }

  #forget(): void {
    this.#heard = [];
    this.#entriesHeard = 0;
  }
}

interface Question {
  readonly resolve: (result: IteratorResult<Batch, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

const DONE = { done: true, value: undefined } as const;

/** Whether an entry comes directly after a place in the log (L3). */
function follows(event: LogEvent, attempt: number, seq: number): boolean {
  if (event.type === "attempt-start") return event.follows === cursorAt(attempt, seq);
  return event.attempt === attempt && event.seq === seq + 1;
}

/** What a listener throws is a fault of the program: it ends the process, but not what somebody was just publishing. */
async function tellEnd(listener: EntryListener, reason: AgentError | undefined): Promise<void> {
  listener.end(reason);
}

function furthest(followers: readonly Follower[]): Cursor | undefined {
  return followers
    .map((follower) => follower.position)
    .toSorted(compareCursors)
    .at(-1);
}
