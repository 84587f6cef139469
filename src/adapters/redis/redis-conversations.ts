import { parseCursor } from "../../core/index.ts";
import type { Conversation, ConversationId, InboxItem, RunRecord, VoidedRange } from "../../core/index.ts";
import { conversationNotFound } from "../../ports/index.ts";
import type { HistoryPage } from "../../ports/index.ts";
import { CONVERSATION_SCRIPT } from "./conversation-script.ts";
import { DELETE_SCRIPT, TOMBSTONE } from "./delete-script.ts";
import type { RedisContext } from "./redis-context.ts";
import { recordOf } from "./redis-entry.ts";
import { tipFromValue } from "./redis-tip.ts";
import { scriptKeys } from "./redis-keys.ts";

/** How many records of the history one command asks for. */
const HISTORY_PAGE_SIZE = 64;

/** Conversations as a whole. */
export interface RedisConversations {
  find(id: ConversationId): Promise<Conversation | undefined>;
  history(id: ConversationId, page: HistoryPage): Promise<readonly RunRecord[]>;
  delete(id: ConversationId): Promise<boolean>;
}

export function createRedisConversations({ clients, scripts, keyspace }: RedisContext): RedisConversations {
  /** What was asked for in this turn of the event loop, which is sent at its end: one answer is for all who asked. */
  const asked = new Map<ConversationId, Promise<Conversation | undefined>>();

  function find(id: ConversationId): Promise<Conversation | undefined> {
    const known = asked.get(id);
    if (known) return known;
    if (asked.size === 0) setImmediate(() => asked.clear());
    const found = ask(id);
    asked.set(id, found);
    return found;
  }

  async function ask(id: ConversationId): Promise<Conversation | undefined> {
    const reply = await scripts.run(CONVERSATION_SCRIPT, scriptKeys(keyspace.of(id)), []);
    return reply === null ? undefined : conversationFromReply(id, reply as ConversationReply);
  }

  return {
    find,
    async history(id, { from = 1, limit = Infinity }) {
      const keys = keyspace.of(id);
      const runs = await clients.commands.hget(keys.conversation, "runs");
      if (runs === null) throw conversationNotFound(id);
      const records: RunRecord[] = [];
      for (let first = from; first <= Number(runs) && records.length < limit; first += HISTORY_PAGE_SIZE) {
        const last = Math.min(first + HISTORY_PAGE_SIZE - 1, Number(runs));
        const page = await clients.commands.hmget(keys.history, ...ordinals(first, last));
        records.push(...page.flatMap((json) => (json ? [JSON.parse(json) as RunRecord] : [])));
      }
      // Deleted while it was read: what is missing of it would look like a history.
      if (Number(runs) > 0 && !(await clients.commands.exists(keys.conversation)))
        throw conversationNotFound(id);
      return records.slice(0, limit);
    },
    async delete(id) {
      const keys = keyspace.of(id);
      const args = [clients.publishCommand, keys.channel, TOMBSTONE];
      return (await scripts.run(DELETE_SCRIPT, scriptKeys(keys), args)) === 1;
    },
  };
}

/** What the conversation script gives. */
type ConversationReply = readonly [
  fields: readonly string[],
  inbox: readonly string[],
  voided: readonly string[],
  streamExists: number,
];

function conversationFromReply(
  id: ConversationId,
  [list, inbox, voided, streamExists]: ConversationReply,
): Conversation {
  const fields = recordOf(list);
  const cursor = (name: string) => parseCursor(fields[name] ?? "");
  const { tip, writtenAt } = tipFromValue(fields["tip"] ?? "");
  return {
    id,
    agent: fields["agent"] ?? "",
    createdAt: Number(fields["createdAt"]),
    updatedAt: Math.max(Number(fields["updatedAt"]), writtenAt),
    runs: Number(fields["runs"]),
    attempt: Number(fields["attempt"]),
    tip,
    base: streamExists === 1 ? cursor("base") : tip,
    settled: cursor("settled"),
    inbox: inbox.map((json) => JSON.parse(json) as InboxItem).toSorted((a, b) => a.itemId - b.itemId),
    voided: voided.map(rangeFromText),
  };
}

/** A voided range as the append script keeps it: `<from> <reset>`. */
export function rangeFromText(text: string): VoidedRange {
  const [from = "", reset = ""] = text.split(" ");
  return { from: parseCursor(from), reset: parseCursor(reset) };
}

function ordinals(first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, index) => String(first + index));
}
