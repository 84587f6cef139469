import { AgentError, attemptOf, comesNext, cursorAt, seqOf, START } from "../core/index.ts";
import type { ConversationId, Cursor, LogEvent } from "../core/index.ts";
import { streamExpired } from "../ports/index.ts";
import type { ConversationStore } from "../ports/index.ts";
import { batchOf, endsRun, isPlain, withRuns } from "./live-conversations.ts";
import type { LiveBatch, LiveConversations, LiveListener } from "./live-conversations.ts";
import { patiently } from "./patiently.ts";

/** How many entries a reader's first read of the store asks for: few, since the first byte waits for them. */
export const FIRST_PAGE = 64;
/** How many entries the reads after it ask for when a reader catches up. */
export const CATCH_UP_PAGE = 1000;
/** How many of them are handed to a reader at a time. */
export const CATCH_UP_PIECE = 100;
/** How many entries a reader may hold that came while it was catching up; past it they are read from the store. */
export const MAX_ENTRIES_HELD = 1024;

/**
 * One reader's way through a log: it reads what is stored in pages until it has caught up, then takes what is stored as
 * it is stored, without hole and without repeat (L6). A reader whose sink is full holds nothing but the page that it
 * was handing on: it stops hearing, and catches up by reading when there is room again (L12). A store that is away is
 * waited for.
 */
export interface LogReader {
  /** There is room again after the sink said that it was full. */
  resume(): void;
  /** Ends without a word to the sink. */
  stop(): void;
}

/** What a sink has to say to entries: it takes more, it takes more when the reader is told to resume, or it has all it wants. */
export type SinkAnswer = "more" | "full" | "enough";

export interface LogSink {
  /** Takes entries that follow directly what it took before. */
  take(batch: LiveBatch): SinkAnswer;
  fail(error: AgentError): void;
}

export interface LogReaderOptions {
  readonly store: ConversationStore;
  readonly live: LiveConversations;
  readonly id: ConversationId;
  readonly after: Cursor;
  /** The newest entry when the reading was opened. */
  readonly tip: Cursor;
  /** The first page after `after`, of up to `FIRST_PAGE` entries, where it was read already. */
  readonly firstPage: readonly LogEvent[] | undefined;
  /** Whether the sink has to know how many runs there are where one ends. */
  readonly countsRuns: boolean;
  readonly sink: LogSink;
}

/** Begins in a later turn: the sink hears nothing before this has returned. */
export function createLogReader(options: LogReaderOptions): LogReader {
  return new StoreLogReader(options);
}

type Mode = "catching-up" | "live" | "full" | "stopped";

/** Every viewer has one for as long as it watches: one object without closures, that keeps what a live reader needs. */
class StoreLogReader implements LogReader, LiveListener {
  readonly countsRuns: boolean;
  readonly #store: ConversationStore;
  readonly #live: LiveConversations;
  readonly #id: ConversationId;
  readonly #tip: Cursor;
  readonly #sink: LogSink;
  #mode: Mode = "catching-up";
  /** The position, in its parts. */
  #attempt: number;
  #seq: number;
  #joined = false;
  /** What was heard while catching up. */
  #held: LiveBatch[] | undefined;
  #missed = false;
  /** What was read and not handed on yet: less than a page. */
  #rest: LiveBatch | undefined;
  /** Ends the waiting for a store that is away. */
  #catchingUp: AbortController | undefined;

  constructor({ store, live, id, after, tip, firstPage, countsRuns, sink }: LogReaderOptions) {
    this.#store = store;
    this.#live = live;
    this.#id = id;
    this.#tip = tip;
    this.#sink = sink;
    this.#attempt = attemptOf(after);
    this.#seq = seqOf(after);
    this.countsRuns = countsRuns;
    void this.#catchUp(FIRST_PAGE, firstPage);
  }

  get #position(): Cursor {
    return cursorAt(this.#attempt, this.#seq);
  }

  hear(batch: LiveBatch): void {
    if (this.#mode === "live") this.#takeLive(batch);
    else if (this.#mode === "catching-up") this.#hold(batch);
  }

  end(error: AgentError): void {
    if (this.#mode === "stopped") return;
    this.stop();
    this.#sink.fail(error);
  }

  resume(): void {
    if (this.#mode === "full") this.#beginCatchUp();
  }

  stop(): void {
    this.#mode = "stopped";
    this.#held = undefined;
    this.#rest = undefined;
    this.#catchingUp?.abort();
    if (this.#joined) this.#live.leave(this.#id, this);
  }

  #takeLive(batch: LiveBatch): void {
    if (batch.afterAttempt === this.#attempt && batch.afterSeq === this.#seq) this.#hand(batch);
    else this.#takeRest(batch);
  }

  /** Takes what of a batch was not read already. */
  #takeRest(batch: LiveBatch): void {
    const isNew = ({ attempt, seq }: LogEvent): boolean =>
      attempt > this.#attempt || (attempt === this.#attempt && seq > this.#seq);
    const fresh = batch.events.filter(isNew);
    const [first] = fresh;
    if (!first) return;
    if (!comesNext(first, this.#position)) return this.#beginCatchUp();
    this.#hand({ ...batchOf(fresh, this.#attempt, this.#seq), runs: batch.runs });
  }

  #hold(batch: LiveBatch): void {
    this.#held ??= [];
    const entries = this.#held.reduce((sum, { events }) => sum + events.length, batch.events.length);
    if (entries > MAX_ENTRIES_HELD) {
      this.#held = undefined;
      this.#missed = true;
    } else {
      this.#held.push(batch);
    }
  }

  #hand(batch: LiveBatch): void {
    const last = batch.events.at(-1);
    if (last) {
      this.#attempt = last.attempt;
      this.#seq = last.seq;
    }
    const answer = this.#sink.take(batch);
    // The sink may have stopped us while it took the batch.
    if (answer === "more" || this.#mode === "stopped") return;
    if (answer === "enough") {
      this.stop();
    } else {
      this.#mode = "full";
      this.#held = undefined;
      this.#missed = true;
    }
  }

  /** Hands on what was read, until the sink is full: a slow reader is given no more at a time than it takes. */
  #handRest(): boolean {
    while (this.#rest && this.#mode === "catching-up") {
      const [piece, rest] = cutPiece(this.#rest);
      this.#rest = rest;
      this.#hand(piece);
    }
    return this.#mode === "catching-up";
  }

  #beginCatchUp(): void {
    this.#mode = "catching-up";
    void this.#catchUp(CATCH_UP_PAGE);
  }

  async #catchUp(firstLimit: number, firstPage?: readonly LogEvent[]): Promise<void> {
    this.#catchingUp = new AbortController();
    const { signal } = this.#catchingUp;
    let known = firstPage;
    try {
      for (let limit = firstLimit; ; limit = CATCH_UP_PAGE) {
        if (!this.#handRest()) return;
        this.#missed = false;
        const events = await (known ?? this.#readPage(limit, signal));
        known = undefined;
        let page = batchOf(events, this.#attempt, this.#seq);
        if (this.countsRuns && endsRun(page)) page = await withRuns(this.#store, this.#id, page, signal);
        if (this.#mode !== "catching-up") return;
        // From the beginning one reads whatever is kept: when that is nothing, it has expired since the opening.
        if (events.length === 0 && this.#position === START && this.#tip !== START)
          throw streamExpired(this.#id);
        this.#rest = events.length > 0 ? page : undefined;
        if (!this.#handRest()) return;
        if (events.length >= limit || this.#missed) continue;
        if (this.#joined) break;
        // Only who is still here at the tip needs to hear more; what came before it was heard is read once more.
        this.#joined = true;
        this.#live.join(this.#id, this.#position, this);
      }
      this.#goLive();
    } catch (error) {
      this.end(AgentError.from(error));
    }
  }

  #readPage(limit: number, signal: AbortSignal): Promise<readonly LogEvent[]> {
    return patiently(() => this.#store.read(this.#id, this.#position, limit), signal);
  }

  /** Takes what came while the last page was read; all in one turn, so that nothing falls between. */
  #goLive(): void {
    this.#mode = "live";
    this.#catchingUp = undefined;
    const batches = this.#held ?? [];
    this.#held = undefined;
    for (const batch of batches) {
      if (this.#mode !== "live") return;
      this.#takeLive(batch);
    }
  }
}

/** A page in small pieces; what is known of the runs goes with each, since any of them may hold an end. */
function cutPiece(batch: LiveBatch): readonly [piece: LiveBatch, rest: LiveBatch | undefined] {
  const { events, plain } = batch;
  const last = events[CATCH_UP_PIECE - 1];
  if (!last || events.length === CATCH_UP_PIECE) return [batch, undefined];
  const cut = events.slice(0, CATCH_UP_PIECE);
  const piece = { ...batch, events: cut, plain: plain || isPlain(cut) };
  const rest = events.slice(CATCH_UP_PIECE);
  return [piece, { ...batch, events: rest, afterAttempt: last.attempt, afterSeq: last.seq }];
}
