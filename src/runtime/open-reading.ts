import {
  AgentError,
  compareCursors,
  cursorAt,
  cursorOf,
  isRunEnd,
  isSettled,
  isVoided,
  START,
} from "../core/index.ts";
import type {
  Conversation,
  ConversationId,
  Cursor,
  LogEvent,
  RunRecord,
  VoidedRange,
} from "../core/index.ts";
import { conversationNotFound, requireReadable, streamExpired } from "../ports/index.ts";
import type { LiveBatch } from "./live-conversations.ts";
import { createLogReader, FIRST_PAGE } from "./log-reader.ts";
import type { LogReader, LogSink, SinkAnswer } from "./log-reader.ts";
import { recordOfRun } from "./run-status.ts";
import type { Runtime } from "./runtime.ts";

/** What a reader asks for. */
export interface ReadRequest {
  readonly id: ConversationId;
  /** The newest entry that the reader has; absent: from the first that is kept. */
  readonly after?: Cursor | undefined;
  /** Only the run with this ordinal. */
  readonly run?: number | undefined;
  /** Go on across runs, for ever; of one run there is nothing to go on to. */
  readonly follow?: boolean | undefined;
  /** Also entries that only matter to who checks the log for holes. */
  readonly everything?: boolean | undefined;
  /** Also what was withdrawn: the log as it was written, for a projection whose cursors count it. */
  readonly withdrawn?: boolean | undefined;
}

/** What there is to read: nothing will ever come, or entries until the reader has all that it asked for. */
export type Reading =
  | { readonly kind: "nothing-left" }
  | {
      readonly kind: "entries";
      /** Names what will be read when all of it is there for good; undefined while more may come. */
      readonly version: string | undefined;
      /** The parts of what is asked for that were withdrawn before now, in order. */
      readonly voided: readonly VoidedRange[];
      /** Begins to read; may be called once. */
      readonly read: (sink: ReadingSink) => LogReader;
    };

/** Where a reading puts what it reads. */
export interface ReadingSink {
  /** Takes the next entries; false: full, until the reader is told to resume. Nothing follows entries that end it. */
  take(entries: ReadEntries): boolean;
  /** The reading broke off before its end. */
  fail(error: AgentError): void;
}

export interface ReadEntries {
  /** The same array for every reader who is shown all of it, so that what is made of it can be shared. */
  readonly events: readonly LogEvent[];
  /** Whether the reading has come to its end with these. */
  readonly ended: boolean;
}

/**
 * Opens a reading of a conversation's log (L6), with what the caller has just learnt of the conversation, if anything.
 * What was withdrawn before now is never shown, and its reset only to a reader who may have seen some of it (L7). Throws
 * `conversation_not_found`, `run_not_found`, `cursor_beyond_log` and `stream_expired`.
 */
export async function openReading(
  runtime: Runtime,
  request: ReadRequest,
  known?: Conversation,
): Promise<Reading> {
  const conversation = known ?? (await runtime.store.conversation(request.id));
  if (!conversation) throw conversationNotFound(request.id);
  const place = await placeToRead(runtime, request, conversation);
  if (place === undefined) return { kind: "nothing-left" };
  const { start, end } = place;
  return {
    kind: "entries",
    // A conversation that was deleted and began anew under its id is another.
    version: end && `${conversation.createdAt}:${start}:${end}`,
    voided: conversation.voided.filter(
      ({ from, reset }) =>
        compareCursors(start, from) < 0 && (end === undefined || compareCursors(reset, end) <= 0),
    ),
    read: (sink) => readEntries(runtime, request, { conversation, place }, sink),
  };
}

/** Where reading begins, and with which entry it will end, once that is certain. */
interface Place {
  readonly start: Cursor;
  readonly end: Cursor | undefined;
  /** What follows the start, when it had to be read already. */
  readonly firstPage: readonly LogEvent[] | undefined;
}

/** Undefined when there is nothing left to read. */
async function placeToRead(
  runtime: Runtime,
  request: ReadRequest,
  conversation: Conversation,
): Promise<Place | undefined> {
  const { run, follow } = request;
  if (request.after !== undefined) requireReadable(conversation, request.after);
  const position = request.after ?? START;
  const [firstPage, record] = await Promise.all([
    pageInLog(runtime, conversation, position),
    run === undefined ? undefined : recordOfEnded(runtime, conversation, run),
  ]);
  const place =
    run === undefined
      ? placeInConversation(conversation, position, follow === true)
      : placeInRun(conversation, position, record);
  return place && { ...place, firstPage: place.start === position ? firstPage : undefined };
}

/**
 * What follows a position. Refuses a cursor of an entry that the log does not have: made up, or lost by a store that
 * failed over (L6). Reads nothing where that cannot be: at the beginning and at the tip.
 */
async function pageInLog(
  { store }: Runtime,
  { id, tip }: Conversation,
  position: Cursor,
): Promise<readonly LogEvent[] | undefined> {
  if (position === START || position === tip) return undefined;
  const page = await store.read(id, position, FIRST_PAGE);
  if (page[0] && leavesBehind(page[0], position)) throw notInLog(position, tip);
  return page;
}

function notInLog(cursor: Cursor, tip: Cursor): AgentError {
  return new AgentError("cursor_beyond_log", `The log has no entry ${cursor}; it ends at ${tip}.`, {
    details: { cursor, tip },
  });
}

/** Whether an entry follows one before the position: what the reader had from there on is not in the log. */
export function leavesBehind(event: LogEvent, position: Cursor): boolean {
  return event.type === "attempt-start" && compareCursors(event.follows, position) < 0;
}

function placeInConversation(
  conversation: Conversation,
  position: Cursor,
  follow: boolean,
): Omit<Place, "firstPage"> | undefined {
  const { id, base, tip } = conversation;
  const ends = isSettled(conversation) && !follow;
  if (ends) {
    // Without a cursor the reader asked for the answer itself, which is no longer kept here.
    if (position === START && base === tip) throw streamExpired(id);
    if (position === tip) return undefined;
  }
  return { start: position === START ? base : position, end: ends ? tip : undefined };
}

/** The record of a run, if it has ended. */
async function recordOfEnded(
  runtime: Runtime,
  { id, runs, inbox }: Conversation,
  run: number,
): Promise<RunRecord | undefined> {
  if (run > runs) throw new AgentError("run_not_found", `The conversation has ${runs} runs so far.`);
  // What waits has not begun: that is known without asking the store.
  const waits = inbox.some((item) => item.kind === "run" && item.run === run);
  return waits ? undefined : recordOfRun(runtime, id, run);
}

function placeInRun(
  conversation: Conversation,
  position: Cursor,
  record: RunRecord | undefined,
): Omit<Place, "firstPage"> | undefined {
  const { id, base, settled } = conversation;
  if (!record) return { start: later(position, settled), end: undefined };
  if (compareCursors(position, record.to) >= 0) return undefined;
  const start = later(position, record.from);
  requireReadable(conversation, start);
  if (compareCursors(base, record.to) >= 0) throw streamExpired(id);
  return { start, end: record.to };
}

function readEntries(
  { store, live }: Runtime,
  request: ReadRequest,
  { conversation, place }: { readonly conversation: Conversation; readonly place: Place },
  sink: ReadingSink,
): LogReader {
  const { id, tip, voided } = conversation;
  const { start, end, firstPage } = place;
  const opening = { start, conversation: { tip, voided }, everything: request.everything };
  const view = new ReadingView(request, opening, end, sink);
  return createLogReader({
    store,
    live,
    id,
    after: start,
    tip,
    firstPage,
    countsRuns: view.countsRuns,
    sink: view,
  });
}

/** What one reader is shown of a log. There is one for each viewer, for as long as it watches. */
class ReadingView implements LogSink {
  /** Whether the last run ends it, so that it must be known how many there are. */
  readonly countsRuns: boolean;
  readonly #run: number | undefined;
  readonly #withdrawn: boolean;
  /** Whether nothing was void at the opening: known once, since every entry asks. */
  readonly #nothingVoid: boolean;
  readonly #opening: Opening;
  readonly #end: Cursor | undefined;
  readonly #sink: ReadingSink;

  constructor(request: ReadRequest, opening: Opening, end: Cursor | undefined, sink: ReadingSink) {
    this.#run = request.run;
    this.#withdrawn = request.withdrawn === true;
    this.#nothingVoid = opening.conversation.voided.length === 0;
    this.#opening = opening;
    this.#end = end;
    this.#sink = sink;
    this.countsRuns = request.run === undefined && request.follow !== true && end === undefined;
  }

  take(batch: LiveBatch): SinkAnswer {
    try {
      const [first] = batch.events;
      if (first?.type === "attempt-start") this.#requireUnbroken(first, positionBefore(batch));
      const shown = this.#isShownWhole(batch) ? { events: batch.events, ended: false } : this.#shown(batch);
      const hasRoom = shown.events.length === 0 || this.#sink.take(shown);
      if (shown.ended) return "enough";
      return hasRoom ? "more" : "full";
    } catch (error) {
      this.#sink.fail(AgentError.from(error));
      return "enough";
    }
  }

  fail(error: AgentError): void {
    this.#sink.fail(error);
  }

  #requireUnbroken(first: LogEvent, position: Cursor): void {
    if (leavesBehind(first, position)) throw notInLog(position, this.#opening.conversation.tip);
  }

  /** True of nearly all that is read live, and quickly told. */
  #isShownWhole(batch: LiveBatch): boolean {
    if (!batch.plain || (this.#run !== undefined && !areOf(this.#run, batch.events))) return false;
    if (this.#nothingVoid || this.#withdrawn) return true;
    return compareCursors(positionBefore(batch), this.#opening.conversation.tip) >= 0;
  }

  #shown({ events, runs }: LiveBatch): ReadEntries {
    const end = events.findIndex((event) => this.#endsReading(event, runs));
    const isWhole = end === -1 || end === events.length - 1;
    const asked = isWhole ? events : events.slice(0, end + 1);
    const isAskedFor = (event: LogEvent): boolean =>
      (this.#run === undefined || event.run === this.#run) &&
      (this.#withdrawn || isShown(event, this.#opening));
    return { events: asked.every(isAskedFor) ? asked : asked.filter(isAskedFor), ended: end !== -1 };
  }

  #endsReading(event: LogEvent, runs: number | undefined): boolean {
    if (!isRunEnd(event)) return false;
    if (this.#run !== undefined) return event.run === this.#run;
    // What had ended when the reading was opened ends there, whatever has begun since: its version says so.
    if (this.#end !== undefined) return compareCursors(cursorOf(event), this.#end) >= 0;
    return this.countsRuns && (runs === undefined || event.run >= runs);
  }
}

function positionBefore({ afterAttempt, afterSeq }: LiveBatch): Cursor {
  return cursorAt(afterAttempt, afterSeq);
}

/** A loop: a function made for every token would be the dearest part of looking at it. */
function areOf(run: number, events: readonly LogEvent[]): boolean {
  for (const event of events) if (event.run !== run) return false;
  return true;
}

/** Where a reading began, and what was known of the log at that moment. */
export interface Opening {
  readonly start: Cursor;
  readonly conversation: Pick<Conversation, "tip" | "voided">;
  readonly everything: boolean | undefined;
}

/** Whether a reader is shown an entry: nothing that was void when it came, and no reset of what it never saw (L7). */
export function isShown(event: LogEvent, { start, conversation, everything }: Opening): boolean {
  if (conversation.voided.length === 0 && event.type !== "step-reset") return true;
  const cursor = cursorOf(event);
  if (isVoided(cursor, conversation.voided)) return false;
  if (event.type !== "step-reset" || everything === true) return true;
  return !isOldNews(event.from, cursor, start, conversation);
}

/** Whether a reset withdraws only what this reader was never shown: it began before it, and after the reset was made. */
function isOldNews(
  from: Cursor,
  reset: Cursor,
  start: Cursor,
  conversation: Opening["conversation"],
): boolean {
  const knownAtOpening = compareCursors(reset, conversation.tip) <= 0;
  return knownAtOpening && compareCursors(start, from) < 0;
}

function later(a: Cursor, b: Cursor): Cursor {
  return compareCursors(a, b) >= 0 ? a : b;
}
