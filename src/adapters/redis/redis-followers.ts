import { AgentError, compareCursors, parseEvent } from "../../core/index.ts";
import type { ConversationId, Cursor, LogEvent } from "../../core/index.ts";
import type { EntryStream } from "../../ports/index.ts";
import { createFollowHub } from "../follow/index.ts";
import type { FollowTopic } from "../follow/index.ts";
import type { RedisContext } from "./redis-context.ts";
import { redisError } from "./redis-error.ts";
import { stringFromReply } from "./resp-reader.ts";
import { tipFromValue } from "./redis-tip.ts";
import { placeOf, publishedEntries } from "./published-entries.ts";
import type { PublishedPlace } from "./published-entries.ts";

/**
 * How often the followed conversations are compared with the store, in milliseconds: published messages can be lost
 * (a full buffer, a failover, a reconnect) without anybody being told. Those of which something was heard since the last
 * time are left for the next: with the next message any loss shows by itself, and thousands of them must not be asked about
 * at once.
 */
export const TIP_CHECK_INTERVAL_MS = 3_000;
/** How long a follower waits for a store that is away before it is told, in milliseconds. */
export const FOLLOW_PATIENCE_MS = 10_000;

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

/** The followers of this process, on one connection a server for all of them. */
export interface RedisFollowers {
  follow(id: ConversationId, after: Cursor, signal: AbortSignal): EntryStream;
  /**
   * Says that this process is about to append entries. Once they are acknowledged its followers get them right here (L2)
   * and what is published of them is passed over unread. Give what comes back to `appended`; undefined when nobody
   * follows the conversation here. `known` is what an earlier one gave, which need not be looked for as long as it is right.
   */
  appending(id: ConversationId, events: readonly LogEvent[], known?: Followed): Followed | undefined;
  /** Says whether the entries are stored as they are. */
  appended(entry: Followed, events: readonly LogEvent[], stored: boolean): void;
  /** Ends the followers of a conversation that is no more. */
  remove(id: ConversationId): void;
  /** Ends all followers. */
  close(): void;
}

type Read = (id: ConversationId, after: Cursor, limit: number) => Promise<readonly LogEvent[]>;

/** A conversation that is followed here. */
export class Followed {
  readonly id: ConversationId;
  readonly channel: string;
  /** Whether it is followed still. */
  isFollowed = true;
  /** The newest entry that its followers were given as it came, if any. */
  attempt = 0;
  seq = 0;
  /** Whether there was any since the last comparison with the store. */
  lively = false;
  /**
   * What this process is appending, from one entry to another of an attempt; of none: nothing. Numbers, since an object
   * that is made for every token and kept here would cost the collector a look at each of thousands of these.
   */
  awaitedAttempt = 0;
  awaitedFirst = 0;
  awaitedLast = 0;
  /** Whether somebody published some of it already, and was not listened to. */
  passedOver = false;
  /** Its followers, as they were found with the newest entry. */
  topic: FollowTopic | undefined = undefined;

  constructor(id: ConversationId, channel: string) {
    this.id = id;
    this.channel = channel;
  }

  /** Another append of the same conversation may be under way, of a worker that was fenced: what it passed over stays so. */
  awaits(attempt: number, first: number, last: number): void {
    if (this.awaitedAttempt === 0) this.passedOver = false;
    this.awaitedAttempt = attempt;
    this.awaitedFirst = first;
    this.awaitedLast = last;
  }

  awaitsNoMore(attempt: number, first: number): void {
    if (this.awaitedAttempt === attempt && this.awaitedFirst === first) this.awaitedAttempt = 0;
  }

  /** Whether a message says nothing but what is being appended here. */
  isAwaited({ attempt, first, last }: PublishedPlace): boolean {
    return attempt === this.awaitedAttempt && first >= this.awaitedFirst && last <= this.awaitedLast;
  }

  /** Whether a message says nothing but what its followers have. */
  isOld({ attempt, last }: PublishedPlace): boolean {
    return attempt < this.attempt || (attempt === this.attempt && last <= this.seq);
  }
}

export function createRedisFollowers({ clients, keyspace }: RedisContext, read: Read): RedisFollowers {
  /** By their channels, and by their names: what is heard comes with the one, what is appended with the other. */
  const followed = new Map<string, Followed>();
  const followedById = new Map<ConversationId, Followed>();
  const closing = new AbortController();
  const listener = clients.listen({ onMessage: hear, onGap: (channel) => missed(followed.get(channel)) });
  let timer: NodeJS.Timeout | undefined;
  let checking = false;

  const hub = createFollowHub({
    read: (id, after, limit) => readPatiently(() => read(id, after, limit), clients.address, closing.signal),
    async subscribe(id) {
      const { channel } = keyspace.of(id);
      beginChecks();
      const entry = new Followed(id, channel);
      followed.set(channel, entry);
      followedById.set(id, entry);
      try {
        await listener.subscribe(channel);
      } catch (error) {
        if (followed.get(channel) === entry) forget(entry);
        throw redisError(error, clients.address);
      }
    },
    unsubscribe(id) {
      const entry = followedById.get(id);
      if (entry) forget(entry);
      listener.unsubscribe(keyspace.of(id).channel);
    },
  });

  function forget(entry: Followed): void {
    entry.isFollowed = false;
    followed.delete(entry.channel);
    followedById.delete(entry.id);
  }

  /** Once, when the first follower comes. */
  function beginChecks(): void {
    if (timer) return;
    timer = setInterval(() => void check(), TIP_CHECK_INTERVAL_MS);
    timer.unref();
  }

  function hear(channel: string, message: Buffer): void {
    const entry = followed.get(channel);
    if (!entry) return;
    const place = placeOf(message);
    if (place && entry.isOld(place)) return;
    if (place && entry.isAwaited(place)) {
      entry.passedOver = true;
      return;
    }
    const content = place
      ? (publishedEntries(message, place) ?? "unknown")
      : parseMessage(message.toString("utf8"));
    if (content === "deleted") hub.remove(entry.id);
    else if (content === "unknown") hub.refresh(entry.id);
    else give(entry, content);
  }

  function give(entry: Followed, events: readonly LogEvent[]): void {
    const last = events.at(-1);
    if (last) {
      entry.attempt = last.attempt;
      entry.seq = last.seq;
      entry.lively = true;
    }
    entry.topic = hub.publish(entry.id, events, entry.topic);
  }

  /** Something was said that was not heard: what is stored decides, and what comes next may come again. */
  function missed(entry: Followed | undefined): void {
    if (!entry) return;
    entry.attempt = 0;
    entry.seq = 0;
    hub.refresh(entry.id);
  }

  function appending(
    id: ConversationId,
    events: readonly LogEvent[],
    known?: Followed,
  ): Followed | undefined {
    const entry = known?.isFollowed ? known : followedById.get(id);
    const [first] = events;
    if (!entry || !first) return undefined;
    entry.awaits(first.attempt, first.seq, first.seq + events.length - 1);
    return entry;
  }

  function appended(entry: Followed, events: readonly LogEvent[], stored: boolean): void {
    const [first] = events;
    if (first) entry.awaitsNoMore(first.attempt, first.seq);
    if (stored) give(entry, events);
    else if (entry.passedOver) missed(entry);
  }

  async function check(): Promise<void> {
    if (checking) return;
    checking = true;
    try {
      listener.ping();
      const all = [...followedById.values()];
      const quiet = all.filter(({ lively }) => !lively);
      for (const entry of all) entry.lively = false;
      await Promise.all(quiet.map(compareWithStore));
    } catch {
      // The store is away; the next check is soon.
    } finally {
      checking = false;
    }
  }

  async function compareWithStore({ id }: Followed): Promise<void> {
    const { conversation } = keyspace.of(id);
    const words = ["HGET", conversation, "tip"];
    const value = await clients.reads.send(conversation, { words, decode: stringFromReply });
    if (value === undefined) return hub.remove(id);
    const position = hub.position(id);
    if (position && compareCursors(tipFromValue(value).tip, position) > 0) hub.refresh(id);
  }

  return {
    follow: (id, after, signal) => hub.follow(id, after, signal),
    appending,
    appended,
    remove: (id) => hub.remove(id),
    close() {
      clearInterval(timer);
      closing.abort();
      hub.close();
    },
  };
}

/** What is not of an append: the beginning of an attempt, and the end of a conversation. */
function parseMessage(message: string): readonly LogEvent[] | "deleted" | "unknown" {
  try {
    const content: unknown = JSON.parse(message);
    if (content === null) return "deleted";
    return Array.isArray(content) ? content.flatMap((item) => parseEvent(item) ?? []) : "unknown";
  } catch {
    return "unknown"; // Somebody else publishes here; what is stored decides.
  }
}

/** A follower outlives a restart of Redis: a read that fails for want of a store is tried again for a while. */
async function readPatiently(
  read: () => Promise<readonly LogEvent[]>,
  address: string,
  closing: AbortSignal,
): Promise<readonly LogEvent[]> {
  const deadline = performance.now() + FOLLOW_PATIENCE_MS;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      return await read();
    } catch (cause) {
      const error = AgentError.from(redisError(cause, address));
      if (closing.aborted) throw new AgentError("shutting_down", "The store is being closed.", { cause });
      if (error.code !== "store_unavailable" || performance.now() > deadline) throw error;
      await pause(pauseMs, closing);
    }
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done);
  });
}
