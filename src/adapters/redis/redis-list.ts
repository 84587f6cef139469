import { AgentError } from "../../core/index.ts";
import type { ConversationId } from "../../core/index.ts";
import type { ConversationPage, ConversationSummary, ListFilter } from "../../ports/index.ts";
import type { RedisContext } from "./redis-context.ts";
import { INDEX_PAGE_SIZE, membersOf } from "./redis-index.ts";
import type { Member, RedisIndex } from "./redis-index.ts";
import { tipFromValue } from "./redis-tip.ts";

interface Listed {
  readonly member: Member;
  readonly summary: ConversationSummary;
}

/** A page of the conversations, the latest touched first. What the index names and is not there is dropped from it. */
export async function listConversations(
  context: RedisContext,
  index: RedisIndex,
  { agent, limit, after }: ListFilter,
): Promise<ConversationPage> {
  const listed: Listed[] = [];
  const gone: Member[] = [];
  for await (const members of newestFirst(context, after)) {
    const summaries = await Promise.all(members.map(({ id }) => summaryOf(context, id)));
    for (const [position, member] of members.entries()) {
      const summary = summaries[position];
      if (!summary) gone.push(member);
      else if (agent === undefined || summary.agent === agent) listed.push({ summary, member });
    }
    if (listed.length > limit) break;
  }
  // Not on the way: it would shift the pages under the walk.
  await index.forget(context.keyspace.conversations, gone);
  const page = listed.slice(0, limit);
  const last = page.at(-1)?.member;
  return {
    conversations: page.map(({ summary }) => summary),
    next: listed.length > limit && last ? `${last.score}:${last.id}` : undefined,
  };
}

async function* newestFirst(
  { clients, keyspace }: RedisContext,
  after: string | undefined,
): AsyncGenerator<readonly Member[]> {
  const start = after === undefined ? undefined : memberFromToken(after);
  for (let offset = 0; ; offset += INDEX_PAGE_SIZE) {
    const from = start?.score ?? "+inf";
    const limit = ["LIMIT", offset, INDEX_PAGE_SIZE, "WITHSCORES"] as const;
    const members = membersOf(
      await clients.commands.zrange(keyspace.conversations, from, "-inf", "BYSCORE", "REV", ...limit),
    );
    // Among equal scores Redis goes down by name.
    yield members.filter(({ id, score }) => !start || score < start.score || id < start.id);
    if (members.length < INDEX_PAGE_SIZE) return;
  }
}

async function summaryOf(
  { clients, keyspace }: RedisContext,
  id: ConversationId,
): Promise<ConversationSummary | undefined> {
  const { conversation } = keyspace.of(id);
  const fields = ["agent", "createdAt", "updatedAt", "runs", "tip"];
  const [agent, createdAt, updatedAt, runs, tip] = await clients.commands.hmget(conversation, ...fields);
  if (!agent || !tip) return undefined;
  return {
    id,
    agent,
    createdAt: Number(createdAt),
    updatedAt: Math.max(Number(updatedAt), tipFromValue(tip).writtenAt),
    runs: Number(runs),
  };
}

function memberFromToken(token: string): Member {
  const match = /^(\d+):(.+)$/.exec(token);
  if (match) return { score: Number(match[1]), id: match[2] as ConversationId };
  throw new AgentError("invalid_request", "The page is malformed: pass the `next` of the page before.", {
    details: { field: "after" },
  });
}
