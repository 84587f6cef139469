import { compareCursors, cursorOf, entriesToWrite, fenced, isSettled, START } from "../../src/core/index.ts";
import type {
  Conversation,
  ConversationId,
  Cursor,
  InboxItem,
  InboxRequest,
  LogEvent,
  RunRecord,
} from "../../src/core/index.ts";
import {
  conversationNotFound,
  conversationOfAnotherAgent,
  idempotencyKeyReused,
  isOver,
  queueFull,
  requireReadable,
} from "../../src/ports/index.ts";
import type { AppendOptions, Holder, Posted, PostOptions } from "../../src/ports/index.ts";

/**
 * One conversation of a store as a value: each call of the port is a function from a state to the next. The same model
 * is explored exhaustively (explore.test.ts) and compared with every real store (linearizability.test.ts). It has no
 * clock: `expire` stands for the moment at which one would have.
 */
export interface StoreState extends Conversation {
  /** How many items were ever posted. */
  readonly items: number;
  /** Every entry ever written, also those that have expired: what a cursor has ever named. */
  readonly log: readonly LogEvent[];
  readonly records: readonly RunRecord[];
  /** How often a replica took over that had not heard of the newest writes. */
  readonly failovers: number;
  readonly answers: Readonly<Record<string, RememberedAnswer>>;
}

interface RememberedAnswer {
  readonly posted: Posted;
  readonly fingerprint: string | undefined;
}

/** What a store decides by. The real rules are those of the core; a mutant breaks one of them. */
export interface StoreRules {
  readonly entriesToWrite: typeof entriesToWrite;
  readonly isSettled: typeof isSettled;
  readonly isAfter: (entry: Cursor, cursor: Cursor) => boolean;
  readonly nextAttempt: (known: StoreState) => number;
}

export const STORE_RULES: StoreRules = {
  entriesToWrite,
  isSettled,
  isAfter: (entry, cursor) => compareCursors(entry, cursor) > 0,
  nextAttempt: ({ attempt }) => attempt + 1,
};

/** Whether a run is under way or waiting is asked by `acquire`; undefined stands for no conversation. */
type Maybe = StoreState | undefined;

export function post(
  before: Maybe,
  id: ConversationId,
  request: InboxRequest,
  options: PostOptions = {},
): { readonly state: StoreState; readonly posted: Posted } {
  const known = before ?? (request.kind === "run" ? noConversation(id, request.agent) : undefined);
  if (!known) throw conversationNotFound(id);
  const { idempotencyKey: key, fingerprint, maxWaiting } = options;
  const answer = key === undefined ? undefined : known.answers[key];
  if (answer) {
    if (answer.fingerprint !== fingerprint) throw idempotencyKeyReused();
    return { state: known, posted: { ...answer.posted, repeated: true } };
  }
  if (request.kind === "run") {
    if (known.agent !== request.agent) throw conversationOfAnotherAgent(known.agent);
    const waiting = known.inbox.filter((item) => item.kind === "run").length;
    if (maxWaiting !== undefined && waiting >= maxWaiting) throw queueFull(waiting);
  }
  const place = { itemId: known.items + 1, at: 0 };
  const runs = request.kind === "run" ? known.runs + 1 : known.runs;
  const item: InboxItem =
    request.kind === "run" ? { ...request, ...place, run: runs } : { ...request, ...place };
  const posted = { run: runs, runId: request.kind === "run" ? request.id : "", repeated: false };
  return {
    state: {
      ...known,
      runs,
      items: place.itemId,
      inbox: [...known.inbox, item],
      answers: key === undefined ? known.answers : { ...known.answers, [key]: { posted, fingerprint } },
    },
    posted,
  };
}

/** The state with the next attempt begun, undefined when there is nothing to hold the conversation for. Throws `fenced`. */
export function acquire(
  known: StoreState,
  holder: Holder,
  rules: StoreRules = STORE_RULES,
): { readonly state: StoreState; readonly event: LogEvent } | undefined {
  if (rules.isSettled(known)) return undefined;
  if (isOver(holder, known)) throw fenced();
  const attempt = rules.nextAttempt(known);
  const event: LogEvent = {
    v: 1,
    type: "attempt-start",
    attempt,
    seq: 0,
    at: 0,
    run: holder.run,
    worker: holder.worker,
    follows: known.tip,
  };
  return { state: { ...withEntries(known, [event]), attempt }, event };
}

/** The same state, itself, when the append changes nothing. Throws as the port says. */
export function append(
  known: Maybe,
  events: readonly LogEvent[],
  { takes = [], record }: AppendOptions = {},
  rules: StoreRules = STORE_RULES,
): StoreState {
  if (!known) throw fenced();
  const fresh = rules.entriesToWrite(known, events);
  if (fresh.length === 0) return known;
  const written = withEntries(known, fresh);
  return {
    ...written,
    inbox: known.inbox.filter((item) => !takes.includes(item.itemId)),
    ...(record && { records: [...known.records, record], settled: written.tip }),
  };
}

export function read(
  known: StoreState,
  after: Cursor,
  limit: number = Infinity,
  rules: StoreRules = STORE_RULES,
): readonly LogEvent[] {
  requireReadable(known, after);
  return known.log
    .filter((event) => {
      const cursor = cursorOf(event);
      return compareCursors(cursor, known.base) > 0 && rules.isAfter(cursor, after);
    })
    .slice(0, limit);
}

/** The stream's time has come: its entries go, its history and its attempt counter stay (L13). */
export function expire(known: StoreState): StoreState {
  return isSettled(known) ? { ...known, base: known.tip } : known;
}

function withEntries(known: StoreState, events: readonly LogEvent[]): StoreState {
  const tip = events.reduce((reached, event) => newest(reached, cursorOf(event)), known.tip);
  const voided = events.flatMap((event) =>
    event.type === "step-reset" ? [{ from: event.from, reset: cursorOf(event) }] : [],
  );
  return { ...known, tip, log: [...known.log, ...events], voided: [...known.voided, ...voided] };
}

function newest(a: Cursor, b: Cursor): Cursor {
  return compareCursors(a, b) >= 0 ? a : b;
}

function noConversation(id: ConversationId, agent: string): StoreState {
  return {
    id,
    agent,
    createdAt: 0,
    updatedAt: 0,
    runs: 0,
    attempt: 0,
    tip: START,
    base: START,
    settled: START,
    inbox: [],
    voided: [],
    items: 0,
    log: [],
    records: [],
    failovers: 0,
    answers: {},
  };
}
