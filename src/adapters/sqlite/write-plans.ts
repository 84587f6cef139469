import { cursorOf, entriesToWrite, fenced, START } from "../../core/index.ts";
import type { ConversationId, InboxItem, InboxRequest, LogEvent } from "../../core/index.ts";
import {
  conversationNotFound,
  conversationOfAnotherAgent,
  IDEMPOTENCY_WINDOW_MS,
  idempotencyKeyReused,
  isOver,
  queueFull,
} from "../../ports/index.ts";
import type { Holder, Posted, PostOptions, Retention } from "../../ports/index.ts";
import type { FollowHub } from "../follow/index.ts";
import type { FoundRow } from "./conversation-rows.ts";
import type { ConversationRow, ConversationState } from "./conversation-table.ts";
import { fateOf, isIdle, visible } from "./expiry.ts";
import type { Plan } from "./group-writer.ts";
import type { RememberedAnswer } from "./inbox-table.ts";
import { serialize } from "./log-table.ts";
import type { WriterTables } from "./tables.ts";

/** The writes of a store: each decides what to do from what is there, and refuses before anything is changed. */
export interface WritePlans {
  post(id: ConversationId, request: InboxRequest, options: PostOptions): Plan<Posted>;
  acquire(id: ConversationId, holder: Holder): Plan<LogEvent | undefined>;
  remove(id: ConversationId): Plan<boolean>;
}

/** What is written to, and by which rules. */
export interface WriteTarget {
  readonly tables: WriterTables;
  readonly hub: FollowHub;
  readonly retention: Retention;
  readonly now: () => number;
}

export function createWritePlans({ tables, hub, retention, now }: WriteTarget): WritePlans {
  const { conversations, inbox, log } = tables;

  function find(id: ConversationId): FoundRow | undefined {
    return visible(conversations.find(id), retention, now());
  }

  function post(id: ConversationId, request: InboxRequest, options: PostOptions): Plan<Posted> {
    const at = now();
    const stored = conversations.find(id);
    const row = visible(stored, retention, at);
    if (!row && request.kind !== "run") throw conversationNotFound(id);
    const { idempotencyKey, fingerprint } = options;
    const answer = row && idempotencyKey !== undefined && inbox.answer(row.key, idempotencyKey);
    const repeated = answer && answerToRepeat(answer, fingerprint, at);
    if (repeated) return { value: repeated };
    const before: ConversationState =
      row ?? newConversation(id, request.kind === "run" ? request.agent : "", at);
    if (request.kind === "run") requireWelcome(before, request.agent, options);
    const { after, item, posted } = enqueued(before, request, at);
    return {
      value: posted,
      apply() {
        if (stored) dropExpired(stored, at);
        const key = row ? row.key : conversations.insert(after);
        if (row) conversations.update({ ...after, key });
        inbox.add(key, item);
        if (idempotencyKey === undefined) return;
        inbox.remember(key, idempotencyKey, { posted, fingerprint, until: at + IDEMPOTENCY_WINDOW_MS });
      },
    };
  }

  /** Drops for good what its age had made invisible, before the conversation is touched and looks young again. */
  function dropExpired(stored: ConversationRow, at: number): void {
    const fate = fateOf(stored, retention, at);
    if (fate === "forgotten") conversations.remove(stored);
    if (fate === "stream-expired") log.dropUpTo(stored.key, stored.tip);
  }

  function acquire(id: ConversationId, holder: Holder): Plan<LogEvent | undefined> {
    const row = find(id);
    if (!row) throw conversationNotFound(id);
    if (isIdle(row)) return { value: undefined };
    if (isOver(holder, row)) throw fenced();
    const event: LogEvent = {
      v: 1,
      type: "attempt-start",
      attempt: row.attempt + 1,
      seq: 0,
      at: now(),
      run: holder.run,
      worker: holder.worker,
      follows: row.tip,
    };
    const begun = { ...row, attempt: event.attempt, tip: cursorOf(event), updatedAt: event.at };
    const opening = holder.opening?.(event);
    const written = [event, ...(opening ? entriesToWrite(begun, opening.events) : [])];
    const entries = serialize(written);
    return {
      value: event,
      apply() {
        log.append({ key: row.key }, entries, false);
        const waiting = row.waiting - inbox.take(row.key, opening?.takes ?? []);
        conversations.update({ ...begun, tip: cursorOf(written.at(-1) ?? event), waiting });
      },
      committed: () => hub.publish(id, written),
    };
  }

  function remove(id: ConversationId): Plan<boolean> {
    const stored = conversations.find(id);
    if (!stored) return { value: false };
    return {
      value: visible(stored, retention, now()) !== undefined,
      apply: () => conversations.remove(stored),
      committed: () => hub.remove(id),
    };
  }

  return { post, acquire, remove };
}

function newConversation(id: ConversationId, agent: string, at: number): ConversationState {
  const log = { attempt: 0, tip: START, base: START, settled: START };
  return { id, agent, createdAt: at, updatedAt: at, runs: 0, ...log, nextItem: 1, waiting: 0 };
}

function answerToRepeat(
  answer: RememberedAnswer,
  fingerprint: string | undefined,
  at: number,
): Posted | undefined {
  if (answer.until <= at) return undefined;
  if (answer.fingerprint !== fingerprint) throw idempotencyKeyReused();
  return { ...answer.posted, repeated: true };
}

function requireWelcome(state: ConversationState, agent: string, { maxWaiting }: PostOptions): void {
  if (state.agent !== agent) throw conversationOfAnotherAgent(state.agent);
  if (maxWaiting !== undefined && state.waiting >= maxWaiting) throw queueFull(state.waiting);
}

interface Enqueued {
  readonly after: ConversationState;
  readonly item: InboxItem;
  readonly posted: Posted;
}

function enqueued(before: ConversationState, request: InboxRequest, at: number): Enqueued {
  const itemId = before.nextItem;
  const touched = { ...before, nextItem: itemId + 1, updatedAt: at };
  if (request.kind !== "run") {
    const posted = { run: before.runs, runId: "", repeated: false };
    return { after: touched, item: { ...request, itemId, at }, posted };
  }
  const run = before.runs + 1;
  const after = { ...touched, runs: run, waiting: before.waiting + 1 };
  return {
    after,
    item: { ...request, itemId, at, run },
    posted: { run, runId: request.id, repeated: false },
  };
}
