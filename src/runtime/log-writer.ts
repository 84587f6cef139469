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
import type { AppendOptions, ConversationStore } from "../ports/index.ts";
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
  /** Aborts, with the AgentError, once the log can no longer be written: fenced, or the store is lost. */
  readonly failed: AbortSignal;
  /** Gives the entry its place. With options, the entry and everything before it form one append with them. */
  write(body: EventBody, options?: AppendOptions): LogEvent;
  /** Resolves when all that was written is stored. Rejects with what `failed` carries. */
  flush(): Promise<void>;
  /** Resolves when there is room for more. Rejects with what `failed` carries. */
  room(): Promise<void>;
}

export interface LogWriterOptions {
  readonly store: ConversationStore;
  readonly id: ConversationId;
  /** The state after the attempt's own `attempt-start`. */
  readonly state: RunState;
  /** The newest entry, whose place the next one follows. */
  readonly last: LogEvent;
  readonly now: () => number;
  /** Gives up waiting for a lost store at once. */
  readonly signal: AbortSignal;
  readonly onStored: (events: readonly LogEvent[]) => void;
}

interface Pending {
  readonly event: LogEvent;
  readonly options: AppendOptions | undefined;
}

export function createLogWriter(options: LogWriterOptions): LogWriter {
  const { store, id, now } = options;
  const { attempt, run } = options.last;
  const failure = new AbortController();
  let state = options.state;
  let seq = options.last.seq;
  let pending: Pending[] = [];
  let inFlight: Promise<void> | undefined;
  let scheduled = false;
  let waiters: {
    readonly atMost: number;
    readonly resolve: () => void;
    readonly reject: (error: unknown) => void;
  }[] = [];
  /** What this attempt wrote since a step last ended: a store that lost its tail is given it again (L3). */
  let recent: Pending[] = [{ event: options.last, options: undefined }];

  function write(body: EventBody, appendOptions?: AppendOptions): LogEvent {
    seq += 1;
    const event: LogEvent = { v: 1, attempt, seq, at: now(), run, ...body };
    state = applyEvent(state, event);
    pending.push({ event, options: appendOptions });
    schedule();
    return event;
  }

  /** Appends at the end of this turn, so that what one turn writes is stored together. */
  function schedule(): void {
    if (scheduled || inFlight || failure.signal.aborted) return;
    scheduled = true;
    queueMicrotask(() => {
      scheduled = false;
      inFlight = drain().finally(() => {
        inFlight = undefined;
        if (pending.length > 0) schedule();
        else settleWaiters();
      });
    });
  }

  async function drain(): Promise<void> {
    try {
      while (pending.length > 0) {
        const batch = takeBatch();
        await appendPatiently(batch);
        remember(batch);
        options.onStored(batch.map(({ event }) => event));
        settleWaiters();
      }
    } catch (error) {
      failure.abort(AgentError.from(error));
      settleWaiters();
    }
  }

  /** What is written next: up to the first entry that comes with options, which are the whole append's. */
  function takeBatch(): readonly Pending[] {
    const last = pending.findIndex((entry) => entry.options !== undefined);
    const size = Math.min(last === -1 ? pending.length : last + 1, MAX_BATCH);
    const batch = pending.slice(0, size);
    pending = pending.slice(size);
    return batch;
  }

  async function appendPatiently(entries: readonly Pending[]): Promise<void> {
    const deadline = now() + STORE_PATIENCE_MS;
    let batch = entries;
    for (let tries = 1; ; tries++) {
      try {
        const events = batch.map(({ event }) => event);
        await store.append(id, events, optionsOf(batch));
        return;
      } catch (cause) {
        const error = AgentError.from(cause);
        if (!error.retryable || now() > deadline || options.signal.aborted) throw error;
        if (error.code === "log_gap") batch = refill(error, entries);
        await pause(backOffMs(STORE_BACK_OFF, tries), options.signal);
      }
    }
  }

  /** The entries from where the store's log ends, as it lost some that it had acknowledged, with what they take. */
  function refill(gap: AgentError, entries: readonly Pending[]): readonly Pending[] {
    const tip = parseCursor(String(gap.details["tip"]));
    const again = [...recent, ...entries].filter(({ event }) => compareCursors(cursorOf(event), tip) > 0);
    const joins = attemptOf(tip) === attempt && again[0]?.event.seq === seqOf(tip) + 1;
    if (joins) return again;
    throw new AgentError("fenced", "The store lost entries that this worker cannot give back.", {
      cause: gap,
    });
  }

  function remember(entries: readonly Pending[]): void {
    const end = entries.findLastIndex(({ event }) => event.type === "step-end");
    if (end === -1) recent.push(...entries);
    else recent = entries.slice(end);
  }

  function settleWaiters(): void {
    const settled = waiters.filter((waiter) => failure.signal.aborted || pending.length <= waiter.atMost);
    waiters = waiters.filter((waiter) => !settled.includes(waiter));
    for (const waiter of settled) {
      if (failure.signal.aborted) waiter.reject(failure.signal.reason);
      else waiter.resolve();
    }
  }

  function stored(atMost: number): Promise<void> {
    return new Promise((resolve, reject) => {
      waiters.push({ atMost, resolve, reject });
    });
  }

  return {
    get state() {
      return state;
    },
    failed: failure.signal,
    write,
    async flush() {
      failure.signal.throwIfAborted();
      if (pending.length === 0 && !inFlight) return;
      await stored(0);
    },
    async room() {
      failure.signal.throwIfAborted();
      if (pending.length < MAX_ENTRIES_WAITING) return;
      await stored(MAX_ENTRIES_WAITING / 2);
    },
  };
}

/** Everything that some entries take, and the record of the run that the last of them ends. */
function optionsOf(entries: readonly Pending[]): AppendOptions | undefined {
  const given = entries.flatMap(({ options }) => options ?? []);
  const [only, ...more] = given;
  if (more.length === 0) return only;
  const takes = given.flatMap((options) => options.takes ?? []);
  const record = given.at(-1)?.record;
  return { takes, ...(record && { record }) };
}
