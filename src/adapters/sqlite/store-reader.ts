import { AgentError, compareCursors } from "../../core/index.ts";
import type { Conversation, ConversationId, Cursor, LogEvent } from "../../core/index.ts";
import { conversationNotFound, requireReadable } from "../../ports/index.ts";
import type { ConversationPage, ConversationStore, ListFilter, Retention } from "../../ports/index.ts";
import type { ConversationRow, Place } from "./conversation-table.ts";
import { visible } from "./expiry.ts";
import { fromSqliteError } from "./sqlite-error.ts";
import type { Tables } from "./tables.ts";

/** How many unfinished conversations are looked up at a time. */
const UNFINISHED_PAGE = 100;

/** Everything of the port that only looks. What has outlived its time is not seen, swept or not. */
export type StoreReader = Pick<
  ConversationStore,
  "read" | "conversation" | "history" | "list" | "unfinished"
>;

export interface StoreReaderOptions {
  readonly tables: Tables;
  readonly retention: Retention;
  readonly now: () => number;
  /** Runs a read so that all of it sees one moment. */
  readonly atOneMoment: <T>(read: () => T) => T;
}

export function createStoreReader({ tables, retention, now, atOneMoment }: StoreReaderOptions): StoreReader {
  const { conversations, log, inbox, history } = tables;

  function find(id: ConversationId): ConversationRow | undefined {
    return visible(conversations.find(id), retention, now());
  }

  function require(id: ConversationId): ConversationRow {
    const row = find(id);
    if (!row) throw conversationNotFound(id);
    return row;
  }

  function read(id: ConversationId, after: Cursor, limit: number): readonly LogEvent[] {
    const row = require(id);
    requireReadable(row, after);
    // Entries that have expired may still be there.
    const from = compareCursors(after, row.base) < 0 ? row.base : after;
    return from === row.tip ? [] : log.read(row.key, from, limit);
  }

  function conversation(id: ConversationId): Conversation | undefined {
    const row = find(id);
    if (!row) return undefined;
    const { agent, createdAt, updatedAt, runs, attempt, tip, base, settled, key } = row;
    const parts = { inbox: inbox.items(key), voided: log.voided(key) };
    return { id, agent, createdAt, updatedAt, runs, attempt, tip, base, settled, ...parts };
  }

  function list({ agent, limit, after }: ListFilter): ConversationPage {
    const found = conversations.list({
      agent,
      // One more tells whether this is the last page.
      limit: limit + 1,
      after: after === undefined ? NEWEST : parsePlace(after),
      forgottenBefore: now() - retention.historyTtlMs,
    });
    const page = found.slice(0, limit);
    const last = page.at(-1);
    return { conversations: page, next: found.length > limit && last ? printPlace(last) : undefined };
  }

  async function look<T>(reading: () => T): Promise<T> {
    try {
      return atOneMoment(reading);
    } catch (error) {
      throw fromSqliteError(error);
    }
  }

  return {
    read: (id, after, limit) => look(() => read(id, after, limit)),
    conversation: (id) => look(() => conversation(id)),
    history: (id, { from = 1, limit } = {}) => look(() => history.read(require(id).key, from, limit)),
    list: (filter) => look(() => list(filter)),
    async *unfinished(untouchedForMs) {
      const touchedUntil = now() - untouchedForMs;
      let after: Place | undefined = OLDEST;
      while (after) {
        const place: Place = after;
        const page = await look(() => conversations.live(touchedUntil, place, UNFINISHED_PAGE));
        yield* page;
        after = page.at(-1);
      }
    },
  };
}

/** Comes before every id. */
const NO_ID = "" as ConversationId;
const NEWEST: Place = { updatedAt: Number.MAX_SAFE_INTEGER, id: NO_ID };
const OLDEST: Place = { updatedAt: 0, id: NO_ID };

function printPlace({ updatedAt, id }: Place): string {
  return `${updatedAt}.${id}`;
}

function parsePlace(text: string): Place {
  const match = /^(\d{1,15})\.(.+)$/.exec(text);
  if (match?.[1] !== undefined && match[2] !== undefined)
    return { updatedAt: Number(match[1]), id: match[2] as ConversationId };
  throw new AgentError("invalid_request", "The page is unknown: pass the next of the page before.", {
    details: { field: "after" },
  });
}
