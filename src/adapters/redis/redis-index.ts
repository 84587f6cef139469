import { isSettled } from "../../core/index.ts";
import type { ConversationId } from "../../core/index.ts";
import type { UnfinishedConversation } from "../../ports/index.ts";
import { FORGET_SCRIPT } from "./forget-script.ts";
import type { RedisContext } from "./redis-context.ts";
import type { RedisConversations } from "./redis-conversations.ts";

/**
 * For how long a member of an index is left alone although its conversation says that it is over, or is not there at
 * all, in milliseconds: longer than a command can take, clocks of two machines apart included.
 */
export const INDEX_GRACE_MS = 60_000;
/** How many members one command asks for. */
export const INDEX_PAGE_SIZE = 64;

/**
 * The two indexes over all conversations. They live in other slots than the conversations and cannot change in the same
 * step, so they are hints: whatever they say is looked up, and they may name too much but never too little.
 *
 * A request is announced in `unfinished` before it is stored. Between the two a sweeper may find a conversation with
 * nothing to do; if it dropped the member then, the request that follows would never be found after a crash. So a
 * member goes only when its announcement is older than any post can take, and only if nobody has announced it again
 * since: compared and removed in one step.
 */
export interface RedisIndex {
  /** Says that a conversation is about to have something to do; gives whether it is new to the list, and so in front. */
  announce(id: ConversationId): Promise<boolean>;
  /** Moves a conversation to the front of the list. Never rejects: a list in yesterday's order is no reason to fail. */
  touch(id: ConversationId): Promise<void>;
  /** Drops members whose conversation is over, or gone; gives how many. Spares those that are too young. */
  forget(index: string, members: readonly Member[]): Promise<number>;
  /** Tidies both indexes on the way, since every process that recovers runs comes by here. */
  unfinished(untouchedForMs: number): AsyncIterable<UnfinishedConversation>;
}

/** A conversation in an index, with the time for which it is there. */
export interface Member {
  readonly id: ConversationId;
  readonly score: number;
}

export function createRedisIndex(context: RedisContext, conversations: RedisConversations): RedisIndex {
  const { clients, scripts, keyspace, retention, now } = context;

  async function announce(id: ConversationId): Promise<boolean> {
    const [, added] = await Promise.all([
      clients.commands.zadd(keyspace.unfinished, now(), id),
      clients.commands.zadd(keyspace.conversations, "NX", now(), id),
    ]);
    return added === 1;
  }

  async function touch(id: ConversationId): Promise<void> {
    try {
      await clients.commands.zadd(keyspace.conversations, now(), id);
    } catch {
      // The conversation itself is stored; the next touch puts it in its place.
    }
  }

  async function forget(index: string, members: readonly Member[]): Promise<number> {
    const old = members.filter(({ score }) => now() - score >= INDEX_GRACE_MS);
    const dropped = await Promise.all(
      old.map(({ id, score }) => scripts.run(FORGET_SCRIPT, [index], [id, String(score)])),
    );
    return dropped.filter((count) => count === 1).length;
  }

  async function* unfinished(untouchedForMs: number): AsyncGenerator<UnfinishedConversation> {
    const before = now() - untouchedForMs;
    let offset = 0;
    for (;;) {
      const members = await oldest(keyspace.unfinished, before, offset);
      const found = await Promise.all(members.map(({ id }) => conversations.find(id)));
      const open = found.flatMap((conversation) =>
        conversation && !isSettled(conversation) ? [conversation] : [],
      );
      const names = new Set(open.map(({ id }) => id));
      const over = members.filter(({ id }) => !names.has(id));
      offset += members.length - (await forget(keyspace.unfinished, over));
      for (const { id, updatedAt } of open) if (updatedAt <= before) yield { id, updatedAt };
      if (members.length < INDEX_PAGE_SIZE) break;
    }
    await forgetExpired();
  }

  /** Drops from the list what has outlived its history: nobody pages back that far to find it gone. */
  async function forgetExpired(): Promise<void> {
    const before = now() - retention.historyTtlMs - INDEX_GRACE_MS;
    let offset = 0;
    for (;;) {
      const members = await oldest(keyspace.conversations, before, offset);
      const there = await Promise.all(
        members.map(({ id }) => clients.commands.exists(keyspace.of(id).conversation)),
      );
      const gone = members.filter((_member, index) => there[index] === 0);
      // What waits for a person may be older than any history, and stays.
      offset += members.length - (await forget(keyspace.conversations, gone));
      if (members.length < INDEX_PAGE_SIZE) return;
    }
  }

  async function oldest(index: string, before: number, offset: number): Promise<readonly Member[]> {
    const limit = ["LIMIT", offset, INDEX_PAGE_SIZE, "WITHSCORES"] as const;
    return membersOf(await clients.commands.zrange(index, "-inf", String(before), "BYSCORE", ...limit));
  }

  return { announce, touch, forget, unfinished };
}

/** Members with their scores, as WITHSCORES gives them in turn. */
export function membersOf(reply: readonly string[]): readonly Member[] {
  return reply.flatMap((id, index) =>
    index % 2 === 0 ? [{ id: id as ConversationId, score: Number(reply[index + 1]) }] : [],
  );
}
