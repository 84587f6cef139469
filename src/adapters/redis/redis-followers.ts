import { AgentError, compareCursors, parseEvent } from "../../core/index.ts";
import type { ConversationId, Cursor, LogEvent } from "../../core/index.ts";
import { createFollowHub } from "../follow/index.ts";
import type { RedisContext } from "./redis-context.ts";
import { redisError } from "./redis-error.ts";
import { tipFromValue } from "./redis-tip.ts";

/**
 * How often the followed conversations are compared with the store, in milliseconds: published messages can be lost
 * (a full buffer, a failover, a reconnect) without anybody being told.
 */
export const TIP_CHECK_INTERVAL_MS = 3_000;
/** How long a follower waits for a store that is away before it is told, in milliseconds. */
export const FOLLOW_PATIENCE_MS = 10_000;

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

/** The followers of this process, on one connection for all of them. */
export interface RedisFollowers {
  follow(id: ConversationId, after: Cursor, signal: AbortSignal): AsyncIterable<readonly LogEvent[]>;
  /** Ends the followers of a conversation that is no more. */
  remove(id: ConversationId): void;
  /** Ends all followers. */
  close(): void;
}

type Read = (id: ConversationId, after: Cursor, limit: number) => Promise<readonly LogEvent[]>;

export function createRedisFollowers({ clients, keyspace }: RedisContext, read: Read): RedisFollowers {
  const idOfChannel = new Map<string, ConversationId>();
  const closing = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let checking = false;

  const hub = createFollowHub({
    read: (id, after, limit) => readPatiently(() => read(id, after, limit), clients.address, closing.signal),
    async subscribe(id) {
      const { channel } = keyspace.of(id);
      listen();
      idOfChannel.set(channel, id);
      try {
        await clients.subscriber().subscribe(channel);
      } catch (error) {
        throw redisError(error, clients.address);
      }
    },
    unsubscribe(id) {
      const { channel } = keyspace.of(id);
      idOfChannel.delete(channel);
      // One connection keeps the order, so a subscription that comes right after this one stays. Should it fail, the
      // channel is heard by nobody here until the process ends: messages of no follower are dropped.
      clients.subscriber().unsubscribe(channel).catch(ignore);
    },
  });

  /** Once, when the first follower comes. */
  function listen(): void {
    if (timer) return;
    timer = setInterval(() => void check(), TIP_CHECK_INTERVAL_MS);
    timer.unref();
    const subscriber = clients.subscriber();
    subscriber.on("message", hear);
    // The first time nothing was missed: followers read only once they are subscribed.
    subscriber.once("ready", () => subscriber.on("ready", () => void afterReconnect()));
  }

  function hear(channel: string, message: string): void {
    const id = idOfChannel.get(channel);
    if (id === undefined) return;
    const content = parseMessage(message);
    if (content === "deleted") hub.remove(id);
    else if (content === "unknown") hub.refresh(id);
    else hub.publish(id, content);
  }

  /** What was published while the connection was away is read from the store. */
  async function afterReconnect(): Promise<void> {
    try {
      // ioredis subscribes again first, on the same connection: the answer says that all of that is done.
      await clients.subscriber().ping();
    } catch {
      return; // Away again: the next reconnect does it.
    }
    for (const { id } of hub.followed()) hub.refresh(id);
  }

  async function check(): Promise<void> {
    if (checking) return;
    checking = true;
    try {
      await Promise.all([pingSubscriber(), ...hub.followed().map(compareWithStore)]);
    } catch {
      // The store is away; the next check is soon.
    } finally {
      checking = false;
    }
  }

  /** A subscriber has nothing to send and would never notice that its peer is gone; ioredis does when it owes an answer. */
  async function pingSubscriber(): Promise<void> {
    const subscriber = clients.subscriber();
    if (subscriber.status === "ready") await subscriber.ping();
  }

  async function compareWithStore({
    id,
    position,
  }: {
    readonly id: ConversationId;
    readonly position: Cursor;
  }): Promise<void> {
    const value = await clients.commands.hget(keyspace.of(id).conversation, "tip");
    if (value === null) hub.remove(id);
    else if (compareCursors(tipFromValue(value).tip, position) > 0) hub.refresh(id);
  }

  return {
    follow: (id, after, signal) => hub.follow(id, after, signal),
    remove: (id) => hub.remove(id),
    close() {
      clearInterval(timer);
      closing.abort();
      hub.close();
    },
  };
}

function ignore(): void {}

/** Events of a newer version are left out: the hole that they leave is filled from the store. */
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
  const deadline = Date.now() + FOLLOW_PATIENCE_MS;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      return await read();
    } catch (cause) {
      const error = AgentError.from(redisError(cause, address));
      if (closing.aborted) throw new AgentError("shutting_down", "The store is being closed.", { cause });
      if (error.code !== "store_unavailable" || Date.now() > deadline) throw error;
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
