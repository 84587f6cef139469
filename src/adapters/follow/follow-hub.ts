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
    const follower = createFollower(after);
    const onAbort = (): void => follower.end();
    signal.addEventListener("abort", onAbort, { once: true });
    const topic = join(id, follower);
    try {
      await topic.listening;
      yield* entriesOf(follower, (position) => options.read(id, position, PAGE_SIZE));
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

interface Follower {
  position: Cursor;
  hear(events: readonly LogEvent[]): void;
  refresh(): void;
  end(reason?: AgentError): void;
  /** The live entries that follow the position, `"read"` when the store must be asked, undefined at the end. */
  next(): Promise<readonly LogEvent[] | "read" | undefined>;
}

async function* entriesOf(
  follower: Follower,
  read: (after: Cursor) => Promise<readonly LogEvent[]>,
): AsyncGenerator<readonly LogEvent[]> {
  for (;;) {
    const heard = await follower.next();
    if (heard === undefined) return;
    const entries = heard === "read" ? await read(follower.position) : heard;
    const last = entries.at(-1);
    if (last === undefined) continue;
    follower.position = cursorOf(last);
    // A full page may have more behind it; a short one reached the tip, and live entries take over.
    if (heard === "read" && entries.length >= PAGE_SIZE) follower.refresh();
    yield entries;
  }
}

function createFollower(after: Cursor): Follower {
  let held: LogEvent[] = [];
  let mustRead = true;
  let ended: { readonly reason: AgentError | undefined } | undefined;
  let wake: (() => void) | undefined;

  function notify(): void {
    wake?.();
    wake = undefined;
  }

  /** Takes what is held and joins on to the position, up to the first hole; a hole makes the next thing a read. */
  function takeHeld(position: Cursor): readonly LogEvent[] {
    const joined: LogEvent[] = [];
    let reached = position;
    for (const event of held) {
      const cursor = cursorOf(event);
      if (compareCursors(cursor, reached) <= 0) continue;
      if (!comesNext(event, reached)) {
        mustRead = true;
        break;
      }
      joined.push(event);
      reached = cursor;
    }
    held = [];
    return joined;
  }

  return {
    position: after,
    hear(events) {
      if (held.length + events.length > MAX_ENTRIES_HELD) {
        held = [];
        mustRead = true;
      } else {
        held.push(...events);
      }
      notify();
    },
    refresh() {
      mustRead = true;
      notify();
    },
    end(reason) {
      ended ??= { reason };
      notify();
    },
    async next() {
      for (;;) {
        if (ended?.reason) throw ended.reason;
        if (ended) return undefined;
        const entries = mustRead ? [] : takeHeld(this.position);
        if (entries.length > 0) return entries;
        if (mustRead) {
          mustRead = false;
          return "read";
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

function furthest(followers: readonly Follower[]): Cursor {
  return followers.map((follower) => follower.position).reduce((a, b) => (compareCursors(a, b) >= 0 ? a : b));
}
