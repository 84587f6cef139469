import {
  cursorAt,
  entriesToWrite,
  fenced,
  isRunEnd,
  logGap,
  parseCursor,
  randomId,
  START,
} from "../../core/index.ts";
import type { ConversationId, Cursor, LogEvent } from "../../core/index.ts";
import { conversationNotFound, requireReadable } from "../../ports/index.ts";
import type { AppendOptions, ForeseenOpening, Holder } from "../../ports/index.ts";
import { ACQUIRE_SCRIPT } from "./acquire-script.ts";
import { appendScript, REPEATED, WRITTEN } from "./append-script.ts";
import { decodeEntries } from "./entry-decoder.ts";
import type { DecodedEntries } from "./entry-decoder.ts";
import type { RedisContext } from "./redis-context.ts";
import { ChunkAppend, chunksOf, Hold } from "./chunk-append.ts";
import type { Batch, BatchOutcome } from "./chunk-append.ts";
import { addEntries, textDataOf } from "./redis-entry.ts";
import { foreignStream } from "./redis-error.ts";
import { publishingOf, scriptKeys } from "./redis-keys.ts";
import { numberFromReply, stringFromReply } from "./resp-reader.ts";
import { wordsOf } from "./redis-scripts.ts";
import type { PreparedScript } from "./redis-scripts.ts";
import { tipFromValue, UNKNOWN_HOLDER } from "./redis-tip.ts";

/**
 * How many conversations this process remembers to hold. One that it forgot is still fenced by the number of its
 * attempt; only two holders of the same number, after a failover that lost an acquire, are then not told apart.
 */
export const MAX_HOLDS_REMEMBERED = 100_000;

/** The log of each conversation. */
export interface RedisLog {
  acquire(id: ConversationId, holder: Holder): Promise<LogEvent | undefined>;
  /**
   * Gives whether it is this process that wrote the entries, all of them, and just now: then, and only then, are they
   * what is stored, to the letter.
   */
  append(id: ConversationId, events: readonly LogEvent[], options: AppendOptions): Promise<boolean>;
  /**
   * What is known of a conversation that this process holds, if it does: `known`, where it is that, or what is found. It can
   * be given back with the next question.
   */
  holdOf(id: ConversationId, known: unknown): Hold | undefined;
  /** Appends the text chunks of a run that this process is known to hold; false, and nothing done, for all else. */
  appendChunks(hold: Hold, batch: Batch, outcome: BatchOutcome): boolean;
  read(id: ConversationId, after: Cursor, limit: number): Promise<readonly LogEvent[]>;
}

type PageReplies = readonly [
  entries: DecodedEntries,
  tip: string | undefined,
  base: string | undefined,
  exists: number,
];

export function createRedisLog(context: RedisContext): RedisLog {
  const { clients, scripts, keyspace, retention, now } = context;
  const holds = new Map<ConversationId, Hold>();
  const script = appendScript(publishingOf(clients.publishCommand, keyspace));

  async function acquire(id: ConversationId, holder: Holder): Promise<LogEvent | undefined> {
    const keys = keyspace.of(id);
    const name = randomId();
    const at = now();
    const { run, worker, settled = "", createdAt = "" } = holder;
    const seen = [settled, createdAt];
    const args = [name, at, clients.publishCommand, keys.channel, run, JSON.stringify(worker), ...seen];
    const foreseen = plainOpening(holder.foresee?.());
    if (foreseen) args.push(...openingArguments(foreseen));
    const reply = await scripts.run(ACQUIRE_SCRIPT, scriptKeys(keys), args.map(String));
    const [outcome, attemptText = "", follows = ""] = wordsOf(reply);
    if (outcome === "missing") throw conversationNotFound(id);
    if (outcome === "foreign") throw foreignStream(keys.stream);
    if (outcome === "idle") return undefined;
    if (outcome === "fenced") throw fenced();
    const attempt = Number(attemptText);
    const seq = outcome === "opened" && foreseen ? foreseen.events.length : 0;
    remember(new Hold({ id, keptIn: holds, attempt, seq, name, append: prepare(id, name, true) }));
    const place = { v: 1, attempt, seq: 0, at, run } as const;
    const start: LogEvent = { ...place, type: "attempt-start", worker, follows: parseCursor(follows) };
    if (seq > 0) return start;
    const opening = holder.opening?.(start);
    // A crash in between leaves an attempt that has just begun, as it would anyway.
    if (opening) await append(id, opening.events, opening);
    return start;
  }

  async function append(
    id: ConversationId,
    events: readonly LogEvent[],
    { takes = [], record }: AppendOptions,
  ): Promise<boolean> {
    const { attempt, seq } = requirePiece(events);
    const last = seq + events.length - 1;
    const known = holds.get(id);
    const hold = known?.attempt === attempt ? known : undefined;
    const at = now();
    const before = hold?.seq === seq - 1 ? cursorAt(attempt, hold.seq) : "";
    const args = [before, cursorAt(attempt, last), String(at)];
    addEntries(args, events);
    const plain = !record && takes.length === 0 && events.every((event) => event.type !== "step-reset");
    if (!plain) {
      const { streamTtlMs, historyTtlMs } = retention;
      args.push(String(Math.min(streamTtlMs, historyTtlMs)), String(historyTtlMs));
      args.push(record ? String(record.run) : "", record ? JSON.stringify(record) : "");
      args.push(...takes.map(String), String(events.length));
    }
    const prepared = plain && hold ? hold.append : prepare(id, hold?.name ?? UNKNOWN_HOLDER, plain);
    const outcome = await scripts.runPrepared(prepared, args);
    if (typeof outcome === "string") throw logGap(parseCursor(outcome));
    const appended = outcome === WRITTEN || outcome === REPEATED;
    if (!appended || record) forget(hold);
    else if (hold) hold.seq = last;
    if (!appended) throw fenced();
    return outcome === WRITTEN && hold !== undefined;
  }

  function appendChunks(hold: Hold, batch: Batch, outcome: BatchOutcome): boolean {
    const chunks = chunksOf(batch);
    if (!chunks) return false;
    const [first] = chunks;
    if (hold.attempt !== first.attempt || hold.seq !== first.seq - 1) return false;
    const text = textDataOf(first, hold.text);
    hold.text = text;
    batch.listener.taken();
    scripts.submitPrepared(hold.key, new ChunkAppend({ batch, chunks, hold, text, now: now(), outcome }));
    return true;
  }

  function prepare(id: ConversationId, holder: string, plain: boolean): PreparedScript {
    const keys = keyspace.of(id);
    return scripts.prepare(script, plain ? [keys.stream, keys.conversation] : scriptKeys(keys), [holder]);
  }

  async function read(id: ConversationId, after: Cursor, limit: number): Promise<readonly LogEvent[]> {
    let page = await readPage(id, after, limit);
    if (page.count < limit || page.events.length === limit) return page.events;
    // Entries of a newer version are passed over, and must not make a full page look like the last one.
    const events = [...page.events];
    while (page.last !== undefined && events.length < limit) {
      page = await readPage(id, page.last, limit - events.length);
      events.push(...page.events);
    }
    return events;
  }

  /** One round trip. The entries come first, so that what has expired by then is seen by the check that follows. */
  async function readPage(id: ConversationId, after: Cursor, limit: number): Promise<DecodedEntries> {
    const { stream, conversation } = keyspace.of(id);
    const [entries, value, base, exists] = await clients.reads.sendInOrder<PageReplies>(stream, [
      { words: ["XRANGE", stream, `(${after}`, "+", "COUNT", String(limit)], decode: decodeEntries },
      { words: ["HGET", conversation, "tip"], decode: stringFromReply },
      { words: ["HGET", conversation, "base"], decode: stringFromReply },
      { words: ["EXISTS", stream], decode: numberFromReply },
    ]);
    if (value === undefined || base === undefined) throw conversationNotFound(id);
    const { tip } = tipFromValue(value);
    requireReadable({ id, tip, base: exists === 1 ? parseCursor(base) : tip }, after);
    return entries;
  }

  function remember(hold: Hold): void {
    forget(holds.get(hold.id));
    holds.set(hold.id, hold);
    const [oldest] = holds.values();
    if (holds.size > MAX_HOLDS_REMEMBERED) forget(oldest);
  }

  /** Not what has come in its place: a worker that is fenced may be the one before in this very process. */
  function forget(hold: Hold | undefined): void {
    if (!hold || holds.get(hold.id) !== hold) return;
    hold.keptIn = undefined;
    holds.delete(hold.id);
  }

  function holdOf(id: ConversationId, known: unknown): Hold | undefined {
    const isKept = known instanceof Hold && known.keptIn === holds && known.id === id;
    return isKept ? known : holds.get(id);
  }

  return { acquire, append, holdOf, appendChunks, read };
}

/** An opening of which every entry is nothing but its data: no text, no reset, no end, which the append script knows. */
function plainOpening(foreseen: ForeseenOpening | undefined): ForeseenOpening | undefined {
  if (!foreseen || foreseen.events.length === 0) return undefined;
  const hasMore = foreseen.events.some(
    (event) => event.type === "text-delta" || event.type === "step-reset" || isRunEnd(event),
  );
  return hasMore ? undefined : foreseen;
}

/** Of the acquire script, what it may write right behind the attempt's start. */
function openingArguments({ attempt, follows, events, takes = [] }: ForeseenOpening): readonly string[] {
  const args = [String(attempt), follows, String(events.length)];
  addEntries(args, events);
  return [...args, ...takes.map(String)];
}

/** The first of the entries. Throws TypeError when they are not one gapless piece of one attempt. */
function requirePiece(events: readonly LogEvent[]): LogEvent {
  const [first] = events;
  if (first === undefined) throw new TypeError("An append needs at least one entry.");
  if (events.length === 1) return first;
  // As if the log ended right before them: all that is left to check is whether they are one piece.
  const tip = cursorAt(first.attempt, first.seq - 1);
  entriesToWrite({ attempt: first.attempt, tip, settled: START }, events);
  return first;
}
