import { isVoided, parseCursor } from "../../core/index.ts";
import type { Cursor, VoidedRange } from "../../core/index.ts";
import { rangeFromText } from "./redis-conversations.ts";
import { isReset, recordOf } from "./redis-entry.ts";
import type { RedisEntry } from "./redis-entry.ts";
import type { CommandClient } from "./redis-clients.ts";
import type { ConversationKeys } from "./redis-keys.ts";
import { tipFromValue } from "./redis-tip.ts";
import { isGone, situationOf } from "./stream-situation.ts";
import type { StreamFacts } from "./stream-situation.ts";

/** A piece of a stream, as the samples' readers give it. */
export interface StreamChunk {
  /** The entry's id: the cursor that continues after it. */
  readonly entryId: string;
  readonly text: string | null;
  /** The run has ended; nothing follows. */
  readonly isDone: boolean;
  /** Why there is nothing more to read; nothing follows. */
  readonly error: string | null;
}

/** How many entries one command asks for, as in the samples. */
const PAGE_SIZE = 100;
/** How long a wait for new entries may last before it is looked at whether the stream is still there, in milliseconds. */
export const LONGEST_WAIT_MS = 5_000;

const EXPIRED = "Stream not found or has expired.";
const BEYOND = "The cursor is beyond the end of the stream.";

/**
 * The chunks after a position, up to and with the one that ends the reading. Rejects with what Redis answers.
 */
export async function* chunksAfter(
  client: CommandClient,
  keys: ConversationKeys,
  start: Cursor,
): AsyncGenerator<StreamChunk> {
  let position = start;
  let facts = await factsOf(client, keys);
  if (isGone(start, facts)) return yield errorAt(start, EXPIRED);
  let waitMs = 0;
  for (;;) {
    const entries = await readAfter(client, keys.stream, position, waitMs);
    const voided = await voidedOf(client, keys, entries, waitMs === 0 || entries.length === PAGE_SIZE);
    for (const entry of entries) {
      position = parseCursor(entry[0]);
      const chunk = chunkOf(entry);
      if (!chunk || (chunk.text !== null && isVoided(position, voided))) continue;
      yield chunk;
      if (chunk.isDone || chunk.error !== null) return;
    }
    if (entries.length > 0) continue;
    facts = await factsOf(client, keys);
    const situation = situationOf(position, facts);
    if (situation === "ended") return yield { entryId: position, text: null, isDone: true, error: null };
    if (situation === "expired") return yield errorAt(position, EXPIRED);
    if (situation === "beyond") return yield errorAt(position, BEYOND);
    waitMs = waitFor(facts);
  }
}

/** Up to the moment at which the stream goes, and never longer than the limit; 0 would be for ever. */
function waitFor({ remainingMs }: StreamFacts): number {
  return remainingMs < 0 ? LONGEST_WAIT_MS : Math.max(1, Math.min(LONGEST_WAIT_MS, remainingMs + 1));
}

async function readAfter(
  client: CommandClient,
  stream: string,
  after: Cursor,
  waitMs: number,
): Promise<readonly RedisEntry[]> {
  const streams =
    waitMs === 0
      ? await client.xread("COUNT", PAGE_SIZE, "STREAMS", stream, after)
      : await client.xread("COUNT", PAGE_SIZE, "BLOCK", waitMs, "STREAMS", stream, after);
  return streams?.[0]?.[1] ?? [];
}

/** What is void among the entries. Asked after them, so that a reset among them is known. */
async function voidedOf(
  client: CommandClient,
  keys: ConversationKeys,
  entries: readonly RedisEntry[],
  catchingUp: boolean,
): Promise<readonly VoidedRange[]> {
  const matters = catchingUp || entries.some(([, list]) => isReset(list));
  return matters ? (await client.lrange(keys.voided, 0, -1)).map(rangeFromText) : [];
}

/** Undefined for entries that say nothing to a reader of text. */
function chunkOf([entryId, list]: RedisEntry): StreamChunk | undefined {
  const { text, done, error } = recordOf(list) as Partial<Record<"text" | "done" | "error", string>>;
  if (error) return errorAt(entryId, error);
  if (done === "true") return { entryId, text: null, isDone: true, error: null };
  return text ? { entryId, text, isDone: false, error: null } : undefined;
}

/** The chunk that ends a reading for a reason. */
export function errorAt(entryId: string, error: string): StreamChunk {
  return { entryId, text: null, isDone: false, error };
}

async function factsOf(client: CommandClient, keys: ConversationKeys): Promise<StreamFacts> {
  const [[newest], remainingMs, [tip, settled, base], inbox] = await Promise.all([
    client.xrevrange(keys.stream, "+", "-", "COUNT", 1),
    client.pttl(keys.stream),
    client.hmget(keys.conversation, "tip", "settled", "base"),
    client.hvals(keys.inbox),
  ]);
  const conversation =
    tip && settled && base
      ? {
          tip: tipFromValue(tip).tip,
          settled: parseCursor(settled),
          base: parseCursor(base),
          runsWaiting: inbox.some((item) => item.startsWith('{"kind":"run"')),
        }
      : undefined;
  return { newest, remainingMs, conversation };
}
