import { AgentError, comesNext, compareCursors, cursorOf } from "../../core/index.ts";
import type { ConversationId, Cursor, LogEvent } from "../../core/index.ts";
import { conversationNotFound } from "../../ports/index.ts";

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
  follow(id: ConversationId, after: Cursor, signal: AbortSignal): AsyncIterable<readonly LogEvent[]>;
  /** Hands on entries that have just been stored. */
  publish(id: ConversationId, events: readonly LogEvent[]): void;
  /** Makes the followers of a conversation look at the store: something may have been missed. */
  refresh(id: ConversationId): void;
  /** Ends the followers of a conversation that is no more. */
  remove(id: ConversationId): void;
  /** The conversations that are followed, each with the position of its furthest follower. */
  followed(): readonly { readonly id: ConversationId; readonly position: Cursor }[];
  /** Ends all followers. */
  close(): void;
}

export function createFollowHub(options: FollowHubOptions): FollowHub {
  const topics = new Map<ConversationId, Topic>();
  let closed = false;

  async function* follow(
    id: ConversationId,
    after: Cursor,
    signal: AbortSignal,
  ): AsyncGenerator<readonly LogEvent[]> {
    if (closed || signal.aborted) return;
    const follower = new Follower(after);
    const onAbort = (): void => follower.end();
    signal.addEventListener("abort", onAbort, { once: true });
    const topic = join(id, follower);
    try {
      await topic.listening;
      // One generator and one wait for each batch: every live entry of every conversation comes through here.
      while (!follower.hasEnded()) {
        if (follower.mustRead) {
          const page = await follower.readPage((position) => options.read(id, position, PAGE_SIZE));
          if (page.length > 0) yield page;
        } else {
          const heard = follower.takeHeard();
          if (heard.length > 0) yield heard;
          else if (!follower.mustRead) await follower.somethingNew();
        }
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
      leave(id, topic, follower);
    }
  }

  function join(id: ConversationId, follower: Follower): Topic {
    let topic = topics.get(id);
    if (!topic) {
      topic = { followers: new Set(), listening: options.subscribe?.(id) ?? Promise.resolve() };
      topics.set(id, topic);
    }
    topic.followers.add(follower);
    return topic;
  }

  function leave(id: ConversationId, topic: Topic, follower: Follower): void {
    topic.followers.delete(follower);
    if (topic.followers.size > 0 || topics.get(id) !== topic) return;
    topics.delete(id);
    options.unsubscribe?.(id);
  }

  function each(id: ConversationId, act: (follower: Follower) => void): void {
    for (const follower of topics.get(id)?.followers ?? []) act(follower);
  }

  return {
    follow,
    publish: (id, events) => each(id, (follower) => follower.hear(events)),
    refresh: (id) => each(id, (follower) => follower.refresh()),
    remove: (id) => each(id, (follower) => follower.end(conversationNotFound(id))),
    followed: () => [...topics].map(([id, topic]) => ({ id, position: furthest([...topic.followers]) })),
    close() {
      closed = true;
      for (const id of topics.keys()) each(id, (follower) => follower.end(CLOSED));
    },
  };
}

const CLOSED = new AgentError("shutting_down", "The store is being closed.");

interface Topic {
  readonly followers: Set<Follower>;
  readonly listening: Promise<void>;
}

/** Where one follower is, and what it has heard but not taken. */
class Follower {
  position: Cursor;
  /** Something may have been missed, or came before: the store must be asked. */
  mustRead = true;
  #heard: (readonly LogEvent[])[] = [];
  #entriesHeard = 0;
  #ended: { readonly reason: AgentError | undefined } | undefined;
  #wake: (() => void) | undefined;

  constructor(after: Cursor) {
    this.position = after;
  }

  hear(events: readonly LogEvent[]): void {
    if (this.#entriesHeard + events.length > MAX_ENTRIES_HELD) {
      this.#forget();
      this.mustRead = true;
    } else {
      this.#heard.push(events);
      this.#entriesHeard += events.length;
    }
    this.#notify();
  }

  refresh(): void {
    this.mustRead = true;
    this.#notify();
  }

  end(reason?: AgentError): void {
    this.#ended ??= { reason };
    this.#notify();
  }

  /** Throws the reason when there is one. */
  hasEnded(): boolean {
    if (this.#ended?.reason) throw this.#ended.reason;
    return this.#ended !== undefined;
  }

  async readPage(read: (after: Cursor) => Promise<readonly LogEvent[]>): Promise<readonly LogEvent[]> {
    this.mustRead = false;
    const page = await read(this.position);
    this.#advance(page);
    // A full page may have more behind it; a short one reached the tip, and live entries take over.
    if (page.length >= PAGE_SIZE) this.mustRead = true;
    return page;
  }

  /** What was heard and joins on to the position, up to the first hole; a hole makes the next thing a read. */
  takeHeard(): readonly LogEvent[] {
    const heard = this.#heard.length === 1 && this.#heard[0] ? this.#heard[0] : this.#heard.flat();
    this.#forget();
    const joined = isPieceAfter(heard, this.position) ? heard : this.#joinOn(heard);
    this.#advance(joined);
    return joined;
  }

  #joinOn(heard: readonly LogEvent[]): readonly LogEvent[] {
    const joined: LogEvent[] = [];
    let reached = this.position;
    for (const event of heard) {
      const cursor = cursorOf(event);
      if (compareCursors(cursor, reached) <= 0) continue;
      if (!comesNext(event, reached)) {
        this.mustRead = true;
        break;
      }
      joined.push(event);
      reached = cursor;
    }
    return joined;
  }

  /** Resolves when there is something to read or take, or the end has come. */
  somethingNew(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #advance(entries: readonly LogEvent[]): void {
    const last = entries.at(-1);
    if (last) this.position = cursorOf(last);
  }

  #forget(): void {
    this.#heard = [];
    this.#entriesHeard = 0;
  }

  #notify(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}

/** Whether entries follow a position without a hole, as what one append stored does: then they are handed on as they are. */
function isPieceAfter(entries: readonly LogEvent[], position: Cursor): boolean {
  return entries.every((event, index) => {
    const before = entries[index - 1];
    if (!before) return comesNext(event, position);
    return event.attempt === before.attempt && event.seq === before.seq + 1;
  });
}

function furthest(followers: readonly Follower[]): Cursor {
  return followers.map((follower) => follower.position).reduce((a, b) => (compareCursors(a, b) >= 0 ? a : b));
}
