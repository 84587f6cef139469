import {
  cursorAt,
  cursorOf,
  entriesToWrite,
  fenced,
  logGap,
  parseCursor,
  randomId,
  START,
} from "../../core/index.ts";
import type { ConversationId, Cursor, LogEvent } from "../../core/index.ts";
import { conversationNotFound, requireReadable } from "../../ports/index.ts";
import type { AppendOptions, Holder } from "../../ports/index.ts";
import { ACQUIRE_SCRIPT } from "./acquire-script.ts";
import { APPEND_SCRIPT } from "./append-script.ts";
import type { RedisContext } from "./redis-context.ts";
import { eventFromEntry, fieldsFromEvent } from "./redis-entry.ts";
import type { RedisEntry } from "./redis-entry.ts";
import { foreignStream } from "./redis-error.ts";
import { scriptKeys } from "./redis-keys.ts";
import { wordsOf } from "./redis-scripts.ts";

/**
 * How many conversations this process remembers to hold. One that it forgot is still fenced by the number of its
 * attempt; only two holders of the same number, after a failover that lost an acquire, are then not told apart.
 */
export const MAX_HOLDS_REMEMBERED = 100_000;

/** The log of each conversation. */
export interface RedisLog {
  acquire(id: ConversationId, holder: Holder): Promise<LogEvent | undefined>;
  append(id: ConversationId, events: readonly LogEvent[], options: AppendOptions): Promise<void>;
  read(id: ConversationId, after: Cursor, limit: number): Promise<readonly LogEvent[]>;
}

interface Hold {
  readonly attempt: number;
  readonly name: string;
}

export function createRedisLog(context: RedisContext): RedisLog {
  const { clients, scripts, keyspace, retention, now } = context;
  const holds = new Map<ConversationId, Hold>();

  async function acquire(id: ConversationId, holder: Holder): Promise<LogEvent | undefined> {
    const keys = keyspace.of(id);
    const name = randomId();
    const at = now();
    const { run, worker, settled = "" } = holder;
    const args = [name, at, clients.publishCommand, keys.channel, run, JSON.stringify(worker), settled];
    const reply = await scripts.run(ACQUIRE_SCRIPT, scriptKeys(keys), args.map(String));
    const [outcome, attemptText = "", follows = ""] = wordsOf(reply);
    if (outcome === "missing") throw conversationNotFound(id);
    if (outcome === "foreign") throw foreignStream(keys.stream);
    if (outcome === "idle") return undefined;
    if (outcome === "fenced") throw fenced();
    const attempt = Number(attemptText);
    remember(id, { attempt, name });
    return {
      v: 1,
      type: "attempt-start",
      attempt,
      seq: 0,
      at,
      run: holder.run,
      worker: holder.worker,
      follows: parseCursor(follows),
    };
  }

  async function append(
    id: ConversationId,
    events: readonly LogEvent[],
    { takes = [], record }: AppendOptions,
  ): Promise<void> {
    const { attempt, seq } = requirePiece(events);
    const keys = keyspace.of(id);
    const hold = holds.get(id);
    const args = [
      attempt,
      seq,
      events.length,
      hold?.attempt === attempt ? hold.name : "",
      now(),
      clients.publishCommand,
      keys.channel,
      JSON.stringify(events),
      Math.min(retention.streamTtlMs, retention.historyTtlMs),
      retention.historyTtlMs,
      record?.run ?? "",
      record ? JSON.stringify(record) : "",
      takes.length,
      ...takes,
    ].map(String);
    for (const event of events) addEntry(args, event);
    const [outcome, tip = ""] = wordsOf(await scripts.run(APPEND_SCRIPT, scriptKeys(keys), args));
    if (outcome === "log_gap") throw logGap(parseCursor(tip));
    if (outcome === "fenced" || record) holds.delete(id);
    if (outcome === "fenced") throw fenced();
  }

  async function read(id: ConversationId, after: Cursor, limit: number): Promise<readonly LogEvent[]> {
    const events: LogEvent[] = [];
    let position = after;
    for (;;) {
      const missing = limit - events.length;
      const entries = await readEntries(id, position, missing);
      events.push(...entries.flatMap((entry) => eventFromEntry(entry) ?? []));
      const last = entries.at(-1);
      // Entries of a newer version are passed over, and must not make a full page look like the last one.
      if (last === undefined || entries.length < missing || events.length >= limit) return events;
      position = parseCursor(last[0]);
    }
  }

  /** One round trip. The entries come first, so that what has expired by then is seen by the check that follows. */
  async function readEntries(
    id: ConversationId,
    after: Cursor,
    limit: number,
  ): Promise<readonly RedisEntry[]> {
    const keys = keyspace.of(id);
    const [entries, [tipText, baseText], exists] = await Promise.all([
      clients.commands.xrange(keys.stream, `(${after}`, "+", "COUNT", limit),
      clients.commands.hmget(keys.conversation, "tip", "base"),
      clients.commands.exists(keys.stream),
    ]);
    if (!tipText || !baseText) throw conversationNotFound(id);
    const tip = parseCursor(tipText);
    requireReadable({ id, tip, base: exists === 1 ? parseCursor(baseText) : tip }, after);
    return entries;
  }

  function remember(id: ConversationId, hold: Hold): void {
    holds.delete(id);
    holds.set(id, hold);
    const [oldest] = holds.keys();
    if (holds.size > MAX_HOLDS_REMEMBERED && oldest !== undefined) holds.delete(oldest);
  }

  return { acquire, append, read };
}

function addEntry(args: string[], event: LogEvent): void {
  const fields = fieldsFromEvent(event);
  const voids = event.type === "step-reset" ? event.from : "";
  args.push(cursorOf(event), voids, String(fields.length), ...fields);
}

/** The first of the entries. Throws TypeError when they are not one gapless piece of one attempt. */
function requirePiece(events: readonly LogEvent[]): LogEvent {
  const [first] = events;
  if (first === undefined) throw new TypeError("An append needs at least one entry.");
  // As if the log ended right before them: all that is left to check is whether they are one piece.
  const tip = cursorAt(first.attempt, first.seq - 1);
  entriesToWrite({ attempt: first.attempt, tip, settled: START }, events);
  return first;
}
