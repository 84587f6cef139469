import {
  AgentError,
  applyEvent,
  attemptOf,
  compareCursors,
  cursorOf,
  parseCursor,
  seqOf,
} from "../core/index.ts";
import type { ConversationId, EventBody, LogEvent, RunState, TextChunk } from "../core/index.ts";
import type { AppendListener, AppendOptions, ConversationStore, Metrics } from "../ports/index.ts";
import { backOffMs, pause } from "./back-off.ts";

/** How many entries one append carries at most, but for those that a store has lost and is given again. */
export const MAX_BATCH = 256;
/** How many entries may wait to be stored before the model is made to wait. */
export const MAX_ENTRIES_WAITING = 4096;
/** For how long an append is tried again while the store cannot be reached, in milliseconds. */
export const STORE_PATIENCE_MS = 30_000;

const STORE_BACK_OFF = { firstMs: 50, limitMs: 2_000 };

/**
 * Writes the log of one attempt. An entry gets its place when it is written and is stored with the next append; one
 * append is in flight at a time, and what arrives meanwhile is the next one, so that a slow model waits for nothing
 * and a fast one costs little.
 */
export interface LogWriter {
  /** The run as all that was written tells it, stored or not. */
  readonly state: RunState;
  /** `state.chunks`, for who asks for it at every token. */
  readonly chunks: number;
  /** Aborts, with the AgentError, once the log can no longer be written: fenced, or the store is lost. */
  readonly failed: AbortSignal;
  /** Whether so much waits to be stored that whoever writes has to wait for `room`. */
  readonly full: boolean;
  /** Gives the entry its place. Options are stored in the same append; a record comes with the last entry of all (L5). */
  write(body: EventBody, options?: AppendOptions): LogEvent;
  /** Resolves when all that was written is stored. Rejects with what `failed` carries. */
  flush(): Promise<void>;
  /** Resolves when there is room for more. Rejects with what `failed` carries. */
  room(): Promise<void>;
}

export interface LogWriterOptions {
  readonly store: ConversationStore;
  readonly id: ConversationId;
  /** The state after the newest entry. */
  readonly state: RunState;
  /** What this attempt has in the log already, its `attempt-start` first: the next entry follows the last of them. */
  readonly stored: readonly [LogEvent, ...LogEvent[]];
  /** The inbox items that were taken with them: a store that lost the entries has the items again. */
  readonly taken?: readonly number[] | undefined;
  readonly now: () => number;
  /** Told of each append. */
  readonly metrics: Metrics;
  /** Gives up waiting for a lost store at once. */
  readonly signal: AbortSignal;
  /** For how long entries are gathered that nothing waits for, in milliseconds. Default 0: not at all. */
  readonly windowMs?: number;
  readonly onStored: (events: readonly LogEvent[]) => void;
}

const NOTHING: readonly LogEvent[] = [];

type TextBody = Extract<EventBody, { readonly type: "text-delta" }>;

/**
 * Chunks of one part in a row: their text in pieces, and where the last of them is. None of them is kept: what is, until
 * the next token, outlives a young generation, and so many of them do that V8 would no longer make any of them young.
 */
interface HeldText {
  readonly step: number;
  readonly id: string;
  readonly separator: true | undefined;
  readonly pieces: string[];
  seq: number;
}

interface Waiter {
  /** Of the entry that has to be stored, with all before it. */
  readonly seq: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export function createLogWriter(options: LogWriterOptions): LogWriter {
  return new StoreLogWriter(options);
}

/** Every token goes through one: a class, since V8 looks up each property of a literal that has getters. */
class StoreLogWriter implements LogWriter, AppendListener {
  found: unknown = undefined;
  readonly #store: ConversationStore;
  readonly #id: ConversationId;
  readonly #now: () => number;
  readonly #metrics: Metrics;
  readonly #signal: AbortSignal;
  readonly #windowMs: number;
  readonly #onStored: (events: readonly LogEvent[]) => void;
  readonly #attempt: number;
  readonly #run: number;
  readonly #newestStored: LogEvent;
  readonly #taken: readonly number[] | undefined;
  readonly #failure = new AbortController();
  readonly failed = this.#failure.signal;
  #state: RunState;
  #chunks: number;
  /** Text that is not folded into the state yet: a state made anew for every token would be thrown away. */
  #held: HeldText | undefined;
  #seq: number;
  /** Of the newest entry that is stored. */
  #storedSeq: number;
  /**
   * What is appended next, or is being appended: one place for both, since to write a young list into an old object costs
   * more than to ask which it is. Undefined: neither, as most tokens find it.
   */
  #batch: LogEvent[] | undefined;
  /** Whether it is being appended, and since when. */
  #appending = false;
  #began = 0;
  /** What waits behind a batch that is being appended. */
  #next: LogEvent[] | undefined;
  /** What goes with some of the entries. Undefined: with none, so that most appends have nothing to put together. */
  #optionsOf: Map<LogEvent, AppendOptions> | undefined;
  /** Whether the store tells of it here, and not by a promise. */
  #isTaken = false;
  /** That the writer has failed: a signal is too slow to be asked for every token. */
  #over = false;
  #scheduled = false;
  #gathering: NodeJS.Timeout | undefined;
  /** Undefined: nobody waits, as most tokens find it. */
  #waiters: readonly Waiter[] | undefined;
  /** What this attempt wrote since a step last ended: a store that may lose its tail is given it again (L3). */
  #recent: LogEvent[];

  constructor(options: LogWriterOptions) {
    const [start] = options.stored;
    this.#store = options.store;
    this.#id = options.id;
    this.#now = options.now;
    this.#metrics = options.metrics;
    this.#signal = options.signal;
    this.#windowMs = options.windowMs ?? 0;
    this.#onStored = options.onStored;
    this.#attempt = start.attempt;
    this.#run = start.run;
    this.#newestStored = options.stored.at(-1) ?? start;
    this.#taken = options.taken;
    this.#state = options.state;
    this.#chunks = options.state.chunks;
    this.#seq = this.#newestStored.seq;
    this.#storedSeq = this.#seq;
    this.#recent = [...options.stored];
  }

  get state(): RunState {
    return this.#fold();
  }

  get chunks(): number {
    return this.#chunks;
  }

  get full(): boolean {
    return this.#waiting >= MAX_ENTRIES_WAITING;
  }

  write(body: EventBody, options?: AppendOptions): LogEvent {
    this.#seq += 1;
    const event = body.type === "text-delta" ? this.#placedText(body) : this.#placed(body);
    this.#note(event);
    // Nobody will store it: a tool that does not heed its signal must not fill the memory.
    if (this.#over) return event;
    this.#enqueue(event);
    if (options) this.#goesWith(event, options);
    this.#schedule();
    return event;
  }

  flush(): Promise<void> {
    return this.#seq === this.#storedSeq ? this.#settledAlready() : this.#stored(this.#seq);
  }

  room(): Promise<void> {
    return this.full ? this.#stored(this.#seq - MAX_ENTRIES_WAITING / 2) : this.#settledAlready();
  }

  /** A list that is made with its entry is a third of one that grows. */
  #enqueue(event: LogEvent): void {
    if (!this.#batch) this.#batch = [event];
    else if (!this.#appending) this.#batch.push(event);
    else if (this.#next) this.#next.push(event);
    else this.#next = [event];
  }

  get #inFlight(): readonly LogEvent[] {
    return (this.#appending && this.#batch) || NOTHING;
  }

  get #pending(): readonly LogEvent[] | undefined {
    return this.#appending ? this.#next : this.#batch;
  }

  get #waiting(): number {
    return this.#pending?.length ?? 0;
  }

  #placed(body: EventBody): LogEvent {
    return { v: 1, attempt: this.#attempt, seq: this.#seq, at: this.#now(), run: this.#run, ...body };
  }

  /** The same, written out: a copy that is not the beginning of its object costs several times as much. */
  #placedText({ type, step, id, delta, sequence, separator }: TextBody): TextChunk {
    const v = 1;
    const attempt = this.#attempt;
    const seq = this.#seq;
    const at = this.#now();
    const run = this.#run;
    return separator
      ? { v, attempt, seq, at, run, type, step, id, delta, sequence, separator }
      : { v, attempt, seq, at, run, type, step, id, delta, sequence };
  }

  #note(event: LogEvent): void {
    if (event.type !== "text-delta") {
      this.#state = applyEvent(this.#fold(), event);
      return;
    }
    if (this.#held && !isMoreOf(event, this.#held)) this.#fold();
    const held = (this.#held ??= heldFrom(event));
    held.pieces.push(event.delta);
    held.seq = event.seq;
    this.#chunks = event.sequence + 1;
  }

  /** Folds chunks of one part as the one that they are together. */
  #fold(): RunState {
    if (!this.#held) return this.#state;
    const { step, id, separator, pieces, seq } = this.#held;
    const delta = pieces.join("");
    const together = { type: "text-delta", step, id, delta, sequence: this.#chunks - 1 } as const;
    const chunk = this.#placed(separator ? { ...together, separator } : together);
    this.#state = applyEvent(this.#state, { ...chunk, seq });
    this.#held = undefined;
    return this.#state;
  }

  /**
   * Appends at the end of this turn, when all that goes on without waiting has gone on: what one turn writes is stored
   * together. Within a window, entries are gathered until it is over or somebody waits for them.
   */
  #schedule(): void {
    if (this.#scheduled || this.#appending || this.#over) return;
    if (this.#mayGather()) {
      this.#gathering ??= setTimeout(this.#begin, this.#windowMs);
      return;
    }
    clearTimeout(this.#gathering);
    this.#scheduled = true;
    process.nextTick(this.#begin);
  }

  #mayGather(): boolean {
    if (this.#windowMs === 0 || this.#waiters || this.#waiting >= MAX_BATCH) return false;
    return this.#pending?.every((event) => !this.#optionsOf?.has(event)) ?? true;
  }

  readonly #begin = (): void => {
    this.#scheduled = false;
    this.#gathering = undefined;
    if (!this.#appending) this.#appendNext();
  };

  /**
   * Callbacks, not a loop that waits: what this leaves to the collector it leaves for every token, as does what is called
   * from here for nothing and has functions in it.
   */
  #appendNext(): void {
    if (!this.#batch) return;
    const batch = this.#takeBatch(this.#batch);
    this.#began = performance.now();
    try {
      const options = this.#optionsOf && this.#togetherOf(batch);
      this.#isTaken = false;
      const promise = this.#store.append(this.#id, batch, options, this);
      if (promise) this.#answerFrom(promise, batch);
    } catch (error) {
      this.refused(error);
    }
  }

  /** Unless the listener is told, by a store that was wrapped with a promise. */
  #answerFrom(promise: Promise<void>, batch: readonly LogEvent[]): void {
    const isAnswer = (): boolean => this.#appending && this.#batch === batch && !this.#isTaken;
    promise.then(
      () => isAnswer() && this.appended(),
      (error: unknown) => isAnswer() && this.refused(error),
    );
  }

  taken(): void {
    this.#isTaken = true;
  }

  appended(): void {
    try {
      this.#measureAppend(this.#inFlight);
      this.#goOn();
    } catch (error) {
      this.#giveUp(error);
    }
  }

  refused(cause: unknown): void {
    this.#appendPatiently(this.#inFlight, cause)
      .then(() => this.#goOn())
      .catch((error: unknown) => this.#giveUp(error));
  }

  #goOn(): void {
    const stored = this.#inFlight;
    this.#storedSeq = stored.at(-1)?.seq ?? this.#storedSeq;
    if (this.#store.mayLoseTail) this.#remember(stored);
    else this.#forgetOptionsOf(stored);
    this.#onStored(stored);
    if (this.#waiters) this.#settleWaiters();
    this.#appending = false;
    this.#batch = this.#next;
    if (!this.#batch) return;
    this.#next = undefined;
    if (this.#mayGather()) this.#schedule();
    else this.#appendNext();
  }

  #giveUp(error: unknown): void {
    this.#over = true;
    this.#appending = false;
    // Nobody will store it.
    this.#batch = undefined;
    this.#next = undefined;
    this.#failure.abort(AgentError.from(error));
    this.#settleWaiters();
  }

  #takeBatch(pending: LogEvent[]): readonly LogEvent[] {
    this.#appending = true;
    if (pending.length <= MAX_BATCH) return pending;
    this.#next = pending.slice(MAX_BATCH);
    this.#batch = pending.slice(0, MAX_BATCH);
    return this.#batch;
  }

  /** Tries again what could not be appended. */
  async #appendPatiently(entries: readonly LogEvent[], first: unknown): Promise<void> {
    const deadline = performance.now() + STORE_PATIENCE_MS;
    let batch = entries;
    let error = this.#failedAppend(first);
    for (let tries = 1; ; tries++) {
      if (!error.retryable || performance.now() > deadline || this.#signal.aborted) throw error;
      if (error.code === "log_gap") batch = this.#refill(error, entries);
      await pause(backOffMs(STORE_BACK_OFF, tries), this.#signal);
      this.#began = performance.now();
      try {
        await this.#store.append(this.#id, batch, this.#togetherOf(batch));
        this.#measureAppend(batch);
        return;
      } catch (cause) {
        error = this.#failedAppend(cause);
      }
    }
  }

  #measureAppend(entries: readonly LogEvent[]): void {
    this.#metrics.appended({ entries: entries.length, durationMs: performance.now() - this.#began });
  }

  #failedAppend(cause: unknown): AgentError {
    const error = AgentError.from(cause);
    this.#metrics.appendFailed({ code: error.code, durationMs: performance.now() - this.#began });
    return error;
  }

  /** The entries from where the store's log ends, as it lost some that it had acknowledged, with what they take. */
  #refill(gap: AgentError, entries: readonly LogEvent[]): readonly LogEvent[] {
    const tip = parseCursor(String(gap.details["tip"]));
    const again = [...this.#recent, ...entries].filter((event) => compareCursors(cursorOf(event), tip) > 0);
    const joins =
      attemptOf(tip) === this.#attempt && again.every((event, n) => event.seq === seqOf(tip) + 1 + n);
    // Said only now: with every append before, it would have to be looked for.
    if (this.#taken) this.#goesWith(this.#newestStored, { takes: this.#taken });
    if (joins) return again;
    throw new AgentError("fenced", "The store lost entries that this worker cannot give back.", {
      cause: gap,
    });
  }

  #remember(entries: readonly LogEvent[]): void {
    const end = entries.findLastIndex((event) => event.type === "step-end");
    if (end === -1) {
      this.#recent.push(...entries);
      return;
    }
    this.#forgetOptionsOf(this.#recent);
    this.#forgetOptionsOf(entries.slice(0, end));
    this.#recent = entries.slice(end);
  }

  #goesWith(event: LogEvent, options: AppendOptions): void {
    this.#optionsOf ??= new Map();
    this.#optionsOf.set(event, options);
  }

  /** Of entries that will not be stored again. */
  #forgetOptionsOf(entries: readonly LogEvent[]): void {
    if (!this.#optionsOf) return;
    for (const event of entries) this.#optionsOf.delete(event);
    if (this.#optionsOf.size === 0) this.#optionsOf = undefined;
  }

  /** Everything that some entries take, and the record of the run that the last of them ends. */
  #togetherOf(entries: readonly LogEvent[]): AppendOptions | undefined {
    const given = entries.flatMap((event) => this.#optionsOf?.get(event) ?? []);
    if (given.length < 2) return given[0];
    const takes = given.flatMap((each) => each.takes ?? []);
    const record = given.at(-1)?.record;
    return { takes, ...(record && { record }) };
  }

  #settleWaiters(): void {
    const waiters = this.#waiters ?? [];
    const settled = waiters.filter(({ seq }) => this.#over || seq <= this.#storedSeq);
    const left = waiters.filter((waiter) => !settled.includes(waiter));
    this.#waiters = left.length > 0 ? left : undefined;
    for (const waiter of settled) {
      if (this.#over) waiter.reject(this.failed.reason);
      else waiter.resolve();
    }
  }

  #stored(seq: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.failed.throwIfAborted();
      this.#waiters = [...(this.#waiters ?? []), { seq, resolve, reject }];
      this.#schedule();
    });
  }

  async #settledAlready(): Promise<void> {
    this.failed.throwIfAborted();
  }
}

function heldFrom({ step, id, separator, seq }: TextChunk): HeldText {
  return { step, id, separator, pieces: [], seq };
}

/** Whether a chunk goes on with the text that is held. */
function isMoreOf(chunk: TextChunk, before: HeldText): boolean {
  return chunk.id === before.id && chunk.step === before.step && chunk.separator === before.separator;
}
