import {
  attemptOf,
  compareCursors,
  cursorOf,
  entriesToWrite,
  fenced,
  isSettled,
  START,
} from "../../core/index.ts";
import type {
  Conversation,
  ConversationId,
  Cursor,
  InboxItem,
  InboxRequest,
  LogEvent,
  RunRecord,
  VoidedRange,
} from "../../core/index.ts";
import {
  conversationNotFound,
  conversationOfAnotherAgent,
  DEFAULT_RETENTION,
  IDEMPOTENCY_WINDOW_MS,
  idempotencyKeyReused,
  isOver,
  queueFull,
  requireReadable,
  requireWhole,
  voidedRanges,
} from "../../ports/index.ts";
import type {
  AppendOptions,
  ConversationSnapshot,
  ConversationStore,
  ConversationSummary,
  Holder,
  Posted,
  PostOptions,
  Retention,
} from "../../ports/index.ts";
import { createFollowHub } from "../follow/index.ts";

export interface MemoryStoreOptions extends Partial<Retention> {
  readonly now?: () => number;
}

/**
 * A store in this process's memory: the reference that the others are held against. For tests; everything is gone when
 * the process ends, so L1 holds only as long as it lives.
 */
export function createMemoryStore(options: MemoryStoreOptions = {}): ConversationStore {
  const retention = { ...DEFAULT_RETENTION, ...options };
  const now = options.now ?? Date.now;
  const kept = new Map<ConversationId, Kept>();
  const hub = createFollowHub({ read: async (id, after, limit) => read(id, after, limit) });

  /** What is kept of a conversation, after dropping what has outlived its time (L13). */
  function find(id: ConversationId): Kept | undefined {
    const entry = kept.get(id);
    if (!entry || !isSettled(entry)) return entry;
    const age = now() - entry.updatedAt;
    if (age >= retention.historyTtlMs) {
      kept.delete(id);
      return undefined;
    }
    if (age >= retention.streamTtlMs) {
      entry.entries = [];
      entry.base = entry.tip;
    }
    return entry;
  }

  function require(id: ConversationId): Kept {
    const entry = find(id);
    if (!entry) throw conversationNotFound(id);
    return entry;
  }

  function post(id: ConversationId, request: InboxRequest, postOptions: PostOptions): Posted {
    const entry = request.kind === "run" ? (find(id) ?? begin(id, request.agent)) : require(id);
    const repeated = answerToRepeat(entry, postOptions, now());
    if (repeated) return repeated;
    if (request.kind === "run") requireWelcome(entry, request.agent, postOptions);
    const posted = enqueue(entry, request, now());
    kept.set(id, entry);
    if (postOptions.idempotencyKey !== undefined) {
      const { idempotencyKey, fingerprint } = postOptions;
      entry.answers.set(idempotencyKey, { posted, fingerprint, until: now() + IDEMPOTENCY_WINDOW_MS });
    }
    return posted;
  }

  function begin(id: ConversationId, agent: string): Kept {
    return {
      id,
      agent,
      createdAt: now(),
      updatedAt: now(),
      runs: 0,
      attempt: 0,
      tip: START,
      base: START,
      settled: START,
      inbox: [],
      voided: [],
      nextItemId: 1,
      entries: [],
      records: [],
      answers: new Map(),
    };
  }

  function acquire(id: ConversationId, holder: Holder): LogEvent | undefined {
    const entry = require(id);
    if (isSettled(entry)) return undefined;
    if (isOver(holder, entry)) throw fenced();
    const event: LogEvent = {
      v: 1,
      type: "attempt-start",
      attempt: entry.attempt + 1,
      seq: 0,
      at: now(),
      run: holder.run,
      worker: holder.worker,
      follows: entry.tip,
    };
    write(entry, [event]);
    entry.attempt = event.attempt;
    hub.publish(id, [event]);
    const opening = holder.opening?.(event);
    if (opening) append(id, opening.events, opening);
    return event;
  }

  function append(id: ConversationId, events: readonly LogEvent[], appendOptions: AppendOptions): void {
    const entry = find(id);
    if (!entry) throw fenced();
    const fresh = entriesToWrite(entry, events);
    if (fresh.length === 0) return;
    write(entry, fresh);
    if (appendOptions.takes) take(entry, appendOptions.takes);
    if (appendOptions.record) {
      entry.records.push(appendOptions.record);
      entry.settled = entry.tip;
    }
    hub.publish(id, fresh);
  }

  function take(entry: Kept, itemIds: readonly number[]): void {
    const taken = new Set(itemIds);
    entry.inbox = entry.inbox.filter((item) => !taken.has(item.itemId));
  }

  function write(entry: Kept, events: readonly LogEvent[]): void {
    for (const event of events) {
      entry.entries.push(event);
      entry.tip = cursorOf(event);
      if (event.type === "step-reset") entry.voided.push({ from: event.from, reset: entry.tip });
    }
    entry.updatedAt = now();
  }

  function read(id: ConversationId, after: Cursor, limit: number): readonly LogEvent[] {
    const entry = require(id);
    requireReadable(entry, after);
    const index = entry.entries.findIndex((event) => compareCursors(cursorOf(event), after) > 0);
    return index === -1 ? [] : entry.entries.slice(index, index + limit);
  }

  function restore(snapshot: ConversationSnapshot): boolean {
    requireWhole(snapshot);
    const { tip, inbox, entries, records, ...rest } = snapshot;
    if (find(snapshot.id)) return false;
    kept.set(snapshot.id, {
      ...rest,
      updatedAt: now(),
      attempt: attemptOf(tip),
      tip,
      settled: tip,
      inbox: [...inbox],
      voided: [...voidedRanges(entries)],
      nextItemId: 1 + Math.max(0, ...inbox.map((item) => item.itemId)),
      entries: [...entries],
      records: [...records],
      answers: new Map(),
    });
    return true;
  }

  function newestFirst(): readonly Kept[] {
    return [...kept.keys()]
      .flatMap((id) => find(id) ?? [])
      .toSorted((a, b) => b.updatedAt - a.updatedAt || (a.id < b.id ? -1 : 1));
  }

  return {
    description: "memory (nothing survives this process)",
    mayLoseTail: false,
    post: async (id, request, postOptions = {}) => post(id, request, postOptions),
    acquire: async (id, holder) => acquire(id, holder),
    append: async (id, events, appendOptions = {}) => append(id, events, appendOptions),
    read: async (id, after, limit) => read(id, after, limit),
    follow: (id, after, { signal }) => hub.follow(id, after, signal),
    conversation: async (id) => {
      const entry = find(id);
      return entry && viewOf(entry);
    },
    history: async (id, { from = 1, limit = Number.MAX_SAFE_INTEGER } = {}) =>
      require(id)
        .records.filter((record) => record.run >= from)
        .slice(0, limit),
    list: async ({ agent, limit, after }) => {
      const all = newestFirst().filter((entry) => agent === undefined || entry.agent === agent);
      const start = after === undefined ? 0 : all.findIndex((entry) => entry.id === after) + 1;
      const page = all.slice(start, start + limit);
      const more = start + page.length < all.length;
      return { conversations: page.map(summaryOf), next: more ? page.at(-1)?.id : undefined };
    },
    delete: async (id) => {
      const existed = kept.delete(id);
      hub.remove(id);
      return existed;
    },
    async *unfinished(untouchedForMs) {
      const before = now() - untouchedForMs;
      for (const entry of newestFirst()) {
        if (!isSettled(entry) && entry.updatedAt <= before)
          yield { id: entry.id, updatedAt: entry.updatedAt };
      }
    },
    restore: async (snapshot) => restore(snapshot),
    ping: async () => {},
    close: async () => hub.close(),
  };
}

interface Kept {
  readonly id: ConversationId;
  readonly agent: string;
  readonly createdAt: number;
  updatedAt: number;
  runs: number;
  attempt: number;
  tip: Cursor;
  base: Cursor;
  settled: Cursor;
  inbox: InboxItem[];
  readonly voided: VoidedRange[];
  nextItemId: number;
  entries: LogEvent[];
  readonly records: RunRecord[];
  readonly answers: Map<string, RememberedAnswer>;
}

interface RememberedAnswer {
  readonly posted: Posted;
  readonly fingerprint: string | undefined;
  readonly until: number;
}

function answerToRepeat(entry: Kept, options: PostOptions, now: number): Posted | undefined {
  const answer = options.idempotencyKey === undefined ? undefined : entry.answers.get(options.idempotencyKey);
  if (!answer || answer.until <= now) return undefined;
  if (answer.fingerprint !== options.fingerprint) {
    throw idempotencyKeyReused();
  }
  return { ...answer.posted, repeated: true };
}

function requireWelcome(entry: Kept, agent: string, { maxWaiting }: PostOptions): void {
  if (entry.agent !== agent) throw conversationOfAnotherAgent(entry.agent);
  const waiting = entry.inbox.filter((item) => item.kind === "run").length;
  if (maxWaiting !== undefined && waiting >= maxWaiting) throw queueFull(waiting);
}

function enqueue(entry: Kept, request: InboxRequest, at: number): Posted {
  const itemId = entry.nextItemId++;
  if (request.kind === "run") {
    entry.runs += 1;
    entry.inbox.push({ ...request, itemId, at, run: entry.runs });
  } else {
    entry.inbox.push({ ...request, itemId, at });
  }
  entry.updatedAt = at;
  return { run: entry.runs, runId: request.kind === "run" ? request.id : "", repeated: false };
}

function viewOf(entry: Kept): Conversation {
  const { id, agent, createdAt, updatedAt, runs, attempt, tip, base, settled } = entry;
  const inbox = [...entry.inbox];
  return {
    id,
    agent,
    createdAt,
    updatedAt,
    runs,
    attempt,
    tip,
    base,
    settled,
    inbox,
    voided: [...entry.voided],
  };
}

function summaryOf({ id, agent, createdAt, updatedAt, runs }: Kept): ConversationSummary {
  return { id, agent, createdAt, updatedAt, runs };
}
