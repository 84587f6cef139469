import type {
  AgentError,
  Conversation,
  ConversationId,
  Cursor,
  InboxRequest,
  LogEvent,
  RunRecord,
} from "../core/index.ts";
import type { ConversationSnapshot } from "./conversation-snapshot.ts";

/**
 * Inbox, log and history of every conversation; each call is atomic for its conversation. What the methods promise is
 * spelled out as laws in `holdfast/testing`, which every adapter passes.
 *
 * Not promised: any order between conversations, and any bound on how long a call takes.
 */
export interface ConversationStore {
  /** What people see in the start banner and in readiness: the technology, and where it keeps things. */
  readonly description: string;

  /**
   * That entries whose append has resolved may be lost, as when a replica takes over that has not heard of them: who
   * writes keeps what it would have to give again (L3).
   */
  readonly mayLoseTail: boolean;

  /**
   * Stores a request in the inbox; when this resolves, it survives a crash (L1). A run request begins the conversation
   * if there is none yet and gets the next ordinal (L9). A repeat under the same idempotency key changes nothing and
   * gives the first answer again.
   *
   * Throws `conversation_of_another_agent`, `queue_full`, `idempotency_key_reused`, and for anything but a run request
   * `conversation_not_found`.
   */
  post(id: ConversationId, request: InboxRequest, options?: PostOptions): Promise<Posted>;

  /**
   * Makes the caller the holder of the conversation: writes the `attempt-start` of the next attempt, from which moment
   * every older attempt is refused (L4). The one way in which a stream comes to be. Writes nothing and gives undefined
   * when no run is under way or waiting, decided in the same atomic step: a worker that comes late must not leave an
   * attempt without a run. Throws `conversation_not_found`, and `fenced` when a run has ended since the holder looked, or
   * the conversation was deleted and begun anew: a worker that slept in between would begin an attempt about a run that
   * is over (L5, L9).
   *
   * When this resolves, what the holder opens the attempt with is stored too.
   */
  acquire(id: ConversationId, holder: Holder): Promise<LogEvent | undefined>;

  /**
   * Writes entries of the current attempt, takes inbox items and keeps the record of an ended run: all of it or
   * nothing, on stable storage when this resolves (L2). Entries carry their place, so that repeating the call changes
   * nothing (L3, L4). An attempt whose run has ended writes nothing more (L5).
   *
   * Throws `fenced` when the attempt is not the current one, its run has ended, or the conversation is gone; `log_gap`
   * (with `tip` in its details) when entries before the first given are missing, as after a failover that lost them:
   * the caller appends again from there.
   *
   * Who gives a listener may be answered through it instead, which spares a promise for every token: then there is none,
   * and the listener is called once, after this has returned. May throw what it would reject with when that is known at
   * once. Where a listener was taken, a promise that somebody makes on the way, as who wraps a store may, says nothing.
   */
  append(id: ConversationId, events: readonly LogEvent[], options?: AppendOptions): Promise<void>;
  append(
    id: ConversationId,
    events: readonly LogEvent[],
    options: AppendOptions | undefined,
    listener: AppendListener,
  ): Promise<void> | undefined;

  /**
   * Up to `limit` entries after a cursor, in order, withdrawn ones too; empty at the tip (L6). Throws `stream_expired`
   * when entries after the cursor are no longer kept, `cursor_beyond_log` when the log has not come that far,
   * `conversation_not_found`.
   */
  read(id: ConversationId, after: Cursor, limit: number): Promise<readonly LogEvent[]>;

  /**
   * Entries after a cursor as they are stored, pushed, in order, without hole or repeat, in non-empty batches, until
   * the signal aborts; then it ends. A slow consumer holds no more than a named number of entries (L12). Throws what
   * `read` throws, also when the conversation goes away meanwhile.
   */
  follow(id: ConversationId, after: Cursor, options: FollowOptions): EntryStream;

  /** What is known of a conversation, at one moment; undefined when there is none. */
  conversation(id: ConversationId): Promise<Conversation | undefined>;

  /** The records of ended runs, oldest first, from ordinal `from` (default 1). Outlives the stream (L13). */
  history(id: ConversationId, page?: HistoryPage): Promise<readonly RunRecord[]>;

  /** Conversations, the latest touched first. */
  list(filter: ListFilter): Promise<ConversationPage>;

  /** Removes everything of a conversation; its followers are told, its holder is fenced. False: there was none. */
  delete(id: ConversationId): Promise<boolean>;

  /** Conversations with a run under way or waiting, untouched for at least so many milliseconds (L10). */
  unfinished(untouchedForMs: number): AsyncIterable<UnfinishedConversation>;

  /**
   * Present where conversations can be moved in. Stores one as it was elsewhere, all of it or nothing: the same cursors,
   * records and voided ranges; the next run goes on from there. It counts as touched now, so that its retention begins
   * anew. False, and nothing changed: there is a conversation of that id. Answers to repeated requests do not move along.
   *
   * Throws TypeError for a snapshot that is not whole.
   */
  readonly restore?: (snapshot: ConversationSnapshot) => Promise<boolean>;

  /** Rejects with `store_unavailable` when the store cannot be written or read now. */
  ping(): Promise<void>;

  /** Ends all followers and lets go of everything. No call may follow. */
  close(): Promise<void>;
}

export type UnfinishedConversation = Pick<Conversation, "id" | "updatedAt">;

export interface PostOptions {
  /** Remembered for `IDEMPOTENCY_WINDOW_MS`. */
  readonly idempotencyKey?: string;
  /** What the request asked, in short: the same key with another fingerprint is refused. */
  readonly fingerprint?: string;
  /** How many runs may wait in the conversation, this one included. Default: no limit. */
  readonly maxWaiting?: number;
}

/** How long a repeat of a request is recognised: 24 hours. */
export const IDEMPOTENCY_WINDOW_MS: number = 24 * 60 * 60 * 1000;

export interface Posted {
  /** The ordinal of the run that was accepted; for other requests, of the latest run. */
  readonly run: number;
  /** The public id of that run; of the first request, when this is a repeat. Empty for other requests. */
  readonly runId: string;
  /** Whether this is the answer to an earlier request under the same key. */
  readonly repeated: boolean;
}

export interface Holder {
  /** Names the process, for people who read the log. */
  readonly worker: string;
  /** The ordinal of the run that the attempt is about. */
  readonly run: number;
  /** Where the newest run that had ended did so, when the holder looked; absent: it did not look. */
  readonly settled?: Cursor;
  /** When the conversation was begun that the holder looked at; absent: it did not look. */
  readonly createdAt?: number;
  /**
   * What the attempt opens with, given its `attempt-start`: written in the same step where the store can, which spares
   * a worker the wait for two, and right after it elsewhere. Depends on its argument alone; may be asked again.
   */
  readonly opening?: (start: LogEvent) => Opening | undefined;
  /**
   * The same for a store that has to send what is written before it knows which attempt begins: what `opening` would say
   * if the attempt is the one that the holder expects. Where it is, `opening` is not asked; where it is not, none of
   * this is written.
   */
  readonly foresee?: () => ForeseenOpening | undefined;
}

/** What an attempt opens with, if it has this number and follows this entry. */
export interface ForeseenOpening extends Opening {
  readonly attempt: number;
  readonly follows: Cursor;
}

/** The entries that directly follow an attempt's `attempt-start`, and the inbox items whose effect they log. */
export interface Opening extends Pick<AppendOptions, "takes"> {
  readonly events: readonly LogEvent[];
}

export interface AppendOptions {
  /** Inbox items whose effect these entries log. */
  readonly takes?: readonly number[];
  /** The record of the run that the last of these entries ends. */
  readonly record?: RunRecord;
}

/** Who is told what became of an append, by methods that may not throw: others are told in the same turn. */
export interface AppendListener {
  /** It is this listener that will be told. Said before the other two, while or after `append` is called. */
  taken(): void;
  /** What `append` would resolve with: all of it is on stable storage. */
  appended(): void;
  /** What it would reject with. */
  refused(error: unknown): void;
  /**
   * A place for the store, which whoever listens leaves alone: what it found for an append, so that it need not look for it
   * with the next one of the same listener. A store takes from it only what it can tell to be its own, and right.
   */
  found?: unknown;
}

export interface FollowOptions {
  readonly signal: AbortSignal;
}

/** Entries as they are stored: iterated, or listened to where that is possible; one or the other, and once. */
export interface EntryStream extends AsyncIterable<readonly LogEvent[]> {
  /**
   * Hands the same entries to a listener in the turn in which each is heard, which spares whoever takes all there is at
   * once a promise for every batch. Returns before anything is heard, unless it is over already.
   */
  listen?(listener: EntryListener): void;
}

/** Its functions are called as its methods. */
export interface EntryListener {
  /**
   * Takes entries. While a promise that it gives is pending, nothing more is handed on, and no more than the named number
   * of entries is held. What it throws ends the stream.
   */
  hear(events: readonly LogEvent[]): Promise<void> | undefined;
  /** Nothing more will be heard: the signal has aborted, or there is the reason that iterating would throw. Called once. */
  end(reason: AgentError | undefined): void;
}

export interface HistoryPage {
  readonly from?: number;
  readonly limit?: number;
}

export interface ListFilter {
  readonly agent?: string;
  readonly limit: number;
  /** The `next` of the page before. */
  readonly after?: string;
}

export interface ConversationPage {
  readonly conversations: readonly ConversationSummary[];
  /** Continues the listing; undefined on the last page. */
  readonly next: string | undefined;
}

export type ConversationSummary = Pick<Conversation, "id" | "agent" | "createdAt" | "updatedAt" | "runs">;

/** How long a store keeps things after the last write to a conversation in which nothing is under way (L13). */
export interface Retention {
  /** Of a stream, in milliseconds. Default 10 minutes. */
  readonly streamTtlMs: number;
  /** Of the conversation itself with its history, in milliseconds. Default 30 days. */
  readonly historyTtlMs: number;
}

export const DEFAULT_RETENTION: Retention = {
  streamTtlMs: 10 * 60 * 1000,
  historyTtlMs: 30 * 24 * 60 * 60 * 1000,
};
