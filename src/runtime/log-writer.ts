import {
  AgentError,
  applyEvent,
  attemptOf,
  compareCursors,
  cursorOf,
  parseCursor,
  seqOf,
} from "../core/index.ts";
import type { ConversationId, EventBody, LogEvent, RunState } from "../core/index.ts";
import type { AppendOptions, ConversationStore, Metrics } from "../ports/index.ts";
import { backOffMs, pause } from "./back-off.ts";

/** How many entries one append carries at most. */
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

type TextChunk = Extract<LogEvent, { readonly type: "text-delta" }>;

interface Waiter {
  readonly atMost: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export function createLogWriter(options: LogWriterOptions): LogWriter {
  const { store, id, now, metrics, windowMs = 0 } = options;
  const [start] = options.stored;
  const { attempt, run } = start;
  const newestStored = options.stored.at(-1) ?? start;
  const failure = new AbortController();
  let { state } = options;
  let { chunks } = state;
  /** Text that is not folded into `state` yet, and its last chunk: a state made anew for every token would be thrown away. */
  let heldText = "";
  let heldChunk: TextChunk | undefined;
  let { seq } = newestStored;
  let pending: LogEvent[] = [];
  /** What goes with some of the entries: with few of them, so that most appends have nothing to put together. */
  const optionsOf = new Map<LogEvent, AppendOptions>();
  let appending = false;
  /** What is being appended, and since when. */
  let inFlight: readonly LogEvent[] = [];
  let began = 0;
  /** That `failure` has aborted: a signal is too slow to be asked for every token. */
  let over = false;
  let scheduled = false;
  let gathering: NodeJS.Timeout | undefined;
  let waiters: Waiter[] = [];
  /** What this attempt wrote since a step last ended: a store that may lose its tail is given it again (L3). */
  let recent: LogEvent[] = [...options.stored];

  function write(body: EventBody, appendOptions?: AppendOptions): LogEvent {
    seq += 1;
    const event: LogEvent = { v: 1, attempt, seq, at: now(), run, ...body };
    note(event);
    // Nobody will store it: a tool that does not heed its signal must not fill the memory.
    if (over) return event;
    pending.push(event);
    if (appendOptions) optionsOf.set(event, appendOptions);
    schedule();
    return event;
  }

  function note(event: LogEvent): void {
    if (event.type !== "text-delta") {
      state = applyEvent(fold(), event);
      return;
    }
    if (heldChunk && !isMoreOf(event, heldChunk)) fold();
    heldText += event.delta;
    heldChunk = event;
    chunks = event.sequence + 1;
  }

  /** Folds chunks of one part as the one that they are together. */
  function fold(): RunState {
    if (!heldChunk) return state;
    state = applyEvent(state, { ...heldChunk, delta: heldText });
    heldText = "";
    heldChunk = undefined;
    return state;
  }

  /**
   * Appends at the end of this turn, when all that goes on without waiting has gone on: what one turn writes is stored
   * together. Within a window, entries are gathered until it is over or somebody waits for them.
   */
  function schedule(): void {
    if (scheduled || appending || over) return;
    if (mayGather()) {
      gathering ??= setTimeout(begin, windowMs);
      return;
    }
    clearTimeout(gathering);
    scheduled = true;
    process.nextTick(begin);
  }

  function mayGather(): boolean {
    if (windowMs === 0 || waiters.length > 0 || pending.length >= MAX_BATCH) return false;
    return pending.every((event) => !optionsOf.has(event));
  }

  function begin(): void {
    scheduled = false;
    gathering = undefined;
    if (!appending && pending.length > 0) appendNext();
  }

  /** Callbacks, not a loop that waits: what this leaves to the collector it leaves for every token. */
  function appendNext(): void {
    appending = true;
    inFlight = takeBatch();
    began = performance.now();
    try {
      store.append(id, inFlight, togetherOf(inFlight)).then(batchStored, batchFailed);
    } catch (error) {
      batchFailed(error);
    }
  }

  function batchStored(): void {
    try {
      measureAppend(inFlight);
      goOn();
    } catch (error) {
      giveUp(error);
    }
  }

  function batchFailed(cause: unknown): void {
    appendPatiently(inFlight, cause).then(goOn).catch(giveUp);
  }

  function goOn(): void {
    if (store.mayLoseTail) remember(inFlight);
    options.onStored(inFlight);
    settleWaiters();
    appending = false;
    if (pending.length === 0) return;
    if (mayGather()) schedule();
    else appendNext();
  }

  function giveUp(error: unknown): void {
    over = true;
    appending = false;
    failure.abort(AgentError.from(error));
    settleWaiters();
  }

  function takeBatch(): readonly LogEvent[] {
    const batch = pending;
    if (batch.length <= MAX_BATCH) {
      pending = [];
      return batch;
    }
    pending = batch.slice(MAX_BATCH);
    return batch.slice(0, MAX_BATCH);
  }

  /** Tries again what could not be appended. */
  async function appendPatiently(entries: readonly LogEvent[], first: unknown): Promise<void> {
    const deadline = now() + STORE_PATIENCE_MS;
    let batch = entries;
    let error = failedAppend(first);
    for (let tries = 1; ; tries++) {
      if (!error.retryable || now() > deadline || options.signal.aborted) throw error;
      if (error.code === "log_gap") batch = refill(error, entries);
      await pause(backOffMs(STORE_BACK_OFF, tries), options.signal);
      began = performance.now();
      try {
        await store.append(id, batch, togetherOf(batch));
        measureAppend(batch);
        return;
      } catch (cause) {
        error = failedAppend(cause);
      }
    }
  }

  function measureAppend(entries: readonly LogEvent[]): void {
    metrics.appended({ entries: entries.length, durationMs: performance.now() - began });
  }

  function failedAppend(cause: unknown): AgentError {
    const error = AgentError.from(cause);
    metrics.appendFailed({ code: error.code, durationMs: performance.now() - began });
    return error;
  }

  /** The entries from where the store's log ends, as it lost some that it had acknowledged, with what they take. */
  function refill(gap: AgentError, entries: readonly LogEvent[]): readonly LogEvent[] {
    const tip = parseCursor(String(gap.details["tip"]));
    const again = [...recent, ...entries].filter((event) => compareCursors(cursorOf(event), tip) > 0);
    const joins = attemptOf(tip) === attempt && again.every((event, n) => event.seq === seqOf(tip) + 1 + n);
    // Said only now: with every append before, it would have to be looked for.
    if (options.taken) optionsOf.set(newestStored, { takes: options.taken });
    if (joins) return again;
    throw new AgentError("fenced", "The store lost entries that this worker cannot give back.", {
      cause: gap,
    });
  }

  function remember(entries: readonly LogEvent[]): void {
    const end = entries.findLastIndex((event) => event.type === "step-end");
    if (end === -1) recent.push(...entries);
    else recent = entries.slice(end);
  }

  /** Everything that some entries take, and the record of the run that the last of them ends. */
  function togetherOf(entries: readonly LogEvent[]): AppendOptions | undefined {
    if (optionsOf.size === 0) return undefined;
    const given = entries.flatMap((event) => optionsOf.get(event) ?? []);
    if (given.length < 2) return given[0];
    const takes = given.flatMap((each) => each.takes ?? []);
    const record = given.at(-1)?.record;
    return { takes, ...(record && { record }) };
  }

  function settleWaiters(): void {
    if (waiters.length === 0) return;
    const settled = waiters.filter((waiter) => over || pending.length <= waiter.atMost);
    waiters = waiters.filter((waiter) => !settled.includes(waiter));
    for (const waiter of settled) {
      if (over) waiter.reject(failure.signal.reason);
      else waiter.resolve();
    }
  }

  function stored(atMost: number): Promise<void> {
    return new Promise((resolve, reject) => {
      failure.signal.throwIfAborted();
      waiters.push({ atMost, resolve, reject });
      schedule();
    });
  }

  async function settledAlready(): Promise<void> {
    failure.signal.throwIfAborted();
  }

  return {
    get state() {
      return fold();
    },
    get chunks() {
      return chunks;
    },
    failed: failure.signal,
    get full() {
      return pending.length >= MAX_ENTRIES_WAITING;
    },
    write,
    flush: () => (pending.length === 0 && !appending ? settledAlready() : stored(0)),
    room: () => (pending.length < MAX_ENTRIES_WAITING ? settledAlready() : stored(MAX_ENTRIES_WAITING / 2)),
  };
}

/** Whether a chunk goes on with the text of another. */
function isMoreOf(chunk: TextChunk, before: TextChunk): boolean {
  return chunk.id === before.id && chunk.step === before.step && chunk.separator === before.separator;
}
