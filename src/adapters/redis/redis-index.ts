import { AgentError, isSettled } from "../../core/index.ts";
import type { ConversationId } from "../../core/index.ts";
import type { ConversationPage, ConversationSummary, ListFilter } from "../../ports/index.ts";
import { FORGET_SCRIPT } from "./forget-script.ts";
import type { RedisContext } from "./redis-context.ts";
import type { RedisConversations } from "./redis-conversations.ts";

/**
 * For how long a member of an index is left alone although its conversation says that it is over, or is not there at
 * all, in milliseconds: longer than a command can take, clocks of two machines apart included.
 */
export const INDEX_GRACE_MS = 60_000;
/** How many members one command asks for. */
const INDEX_PAGE_SIZE = 64;

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
  /** Says that a conversation is about to have something to do. */
  announce(id: ConversationId): Promise<void>;
  /** Moves a conversation to the front of the list. Never rejects: a list in yesterday's order is no reason to fail. */
  touch(id: ConversationId): Promise<void>;
  list(filter: ListFilter): Promise<ConversationPage>;
  unfinished(untouchedForMs: number): AsyncIterable<ConversationId>;
}

interface Member {
  readonly id: ConversationId;
  readonly score: number;
}

export function createRedisIndex(context: RedisContext, conversations: RedisConversations): RedisIndex {
  const { clients, scripts, keyspace, now } = context;

  async function announce(id: ConversationId): Promise<void> {
    await Promise.all([
      clients.commands.zadd(keyspace.unfinished, now(), id),
      clients.commands.zadd(keyspace.conversations, "NX", now(), id),
    ]);
  }

  async function touch(id: ConversationId): Promise<void> {
    try {
      await clients.commands.zadd(keyspace.conversations, now(), id);
    } catch {
      // The conversation itself is stored; the next touch puts it in its place.
    }
  }

  async function forget(index: string, { id, score }: Member): Promise<boolean> {
    if (now() - score < INDEX_GRACE_MS) return false;
    return (await scripts.run(FORGET_SCRIPT, [index], [id, String(score)])) === 1;
  }

  async function* unfinished(untouchedForMs: number): AsyncGenerator<ConversationId> {
    const before = now() - untouchedForMs;
    let offset = 0;
    for (;;) {
      const range = [
        "-inf",
        String(before),
        "BYSCORE",
        "LIMIT",
        offset,
        INDEX_PAGE_SIZE,
        "WITHSCORES",
      ] as const;
      const members = membersOf(await clients.commands.zrange(keyspace.unfinished, ...range));
      const found = await Promise.all(members.map(({ id }) => conversations.find(id)));
      const over = members.filter((_, position) => {
        const conversation = found[position];
        return !conversation || isSettled(conversation);
      });
      const forgotten = await Promise.all(over.map((member) => forget(keyspace.unfinished, member)));
      for (const conversation of found) {
        if (conversation && !isSettled(conversation) && conversation.updatedAt <= before)
          yield conversation.id;
      }
      if (members.length < INDEX_PAGE_SIZE) return;
      offset += members.length - forgotten.filter(Boolean).length;
    }
  }

  async function list({ agent, limit, after }: ListFilter): Promise<ConversationPage> {
    const listed: Listed[] = [];
    for await (const page of newestFirst(after)) {
      const found = await Promise.all(page.map(lookUp));
      listed.push(
        ...found.flatMap((item) =>
          item && (agent === undefined || item.summary.agent === agent) ? [item] : [],
        ),
      );
      if (listed.length > limit) break;
    }
    const page = listed.slice(0, limit);
    const last = page.at(-1)?.member;
    return {
      conversations: page.map(({ summary }) => summary),
      next: listed.length > limit && last ? `${last.score}:${last.id}` : undefined,
    };
  }

  async function* newestFirst(after: string | undefined): AsyncGenerator<readonly Member[]> {
    const start = after === undefined ? undefined : memberFromToken(after);
    let offset = 0;
    for (;;) {
      const range = [
        start?.score ?? "+inf",
        "-inf",
        "BYSCORE",
        "REV",
        "LIMIT",
        offset,
        INDEX_PAGE_SIZE,
      ] as const;
      const members = membersOf(
        await clients.commands.zrange(keyspace.conversations, ...range, "WITHSCORES"),
      );
      // Among equal scores Redis goes down by name.
      yield members.filter(({ id, score }) => !start || score < start.score || id < start.id);
      if (members.length < INDEX_PAGE_SIZE) return;
      offset += members.length;
    }
  }

  async function lookUp(member: Member): Promise<Listed | undefined> {
    const { id } = member;
    const [agent, createdAt, updatedAt, runs] = await clients.commands.hmget(
      keyspace.of(id).conversation,
      "agent",
      "createdAt",
      "updatedAt",
      "runs",
    );
    if (agent) {
      const times = { createdAt: Number(createdAt), updatedAt: Number(updatedAt) };
      return { member, summary: { id, agent, ...times, runs: Number(runs) } };
    }
    await forget(keyspace.conversations, member);
    return undefined;
  }

  return { announce, touch, list, unfinished };
}

interface Listed {
  readonly member: Member;
  readonly summary: ConversationSummary;
}

/** Members with their scores, as WITHSCORES gives them in turn. */
function membersOf(reply: readonly string[]): readonly Member[] {
  return reply.flatMap((id, index) =>
    index % 2 === 0 ? [{ id: id as ConversationId, score: Number(reply[index + 1]) }] : [],
  );
}

function memberFromToken(token: string): Member {
  const match = /^(\d+):(.+)$/.exec(token);
  if (match) return { score: Number(match[1]), id: match[2] as ConversationId };
  throw new AgentError("invalid_request", "The page is malformed: pass the `next` of the page before.", {
    details: { field: "after" },
  });
}
