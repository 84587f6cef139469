import { AgentError, compareCursors, cursorOf, isRunEnd, isSettled, isVoided, START } from "../core/index.ts";
import type { Conversation, ConversationId, Cursor, LogEvent } from "../core/index.ts";
import { conversationNotFound, requireReadable, streamExpired } from "../ports/index.ts";
import type { LiveBatch } from "./live-conversations.ts";
import { createLogReader } from "./log-reader.ts";
import type { LogReader } from "./log-reader.ts";
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
}

/** What there is to read: nothing will ever come, or entries until the reader has all that it asked for. */
export type Reading =
  | { readonly kind: "nothing-left" }
  | {
      readonly kind: "entries";
      /** Names what will be read when all of it is there for good; undefined while more may come. */
      readonly version: string | undefined;
      /** Begins to read; may be called once. */
      readonly read: (sink: ReadingSink) => LogReader;
    };

/** Where a reading puts what it reads. */
export interface ReadingSink {
  /** Takes the next entries; false: full, until the reader is told to resume. Nothing follows entries that end it. */
  readonly take: (entries: ReadEntries) => boolean;
  /** The reading broke off before its end. */
  readonly fail: (error: AgentError) => void;
}

export interface ReadEntries {
  /** The same array for every reader who is shown all of it, so that what is made of it can be shared. */
  readonly events: readonly LogEvent[];
  /** Whether the reading has come to its end with these. */
  readonly ended: boolean;
}

/**
 * Opens a reading of a conversation's log (L6). What was withdrawn before now is never shown, and its reset only to a
 * reader who may have seen some of it (L7). Throws `conversation_not_found`, `run_not_found`, `cursor_beyond_log` and
 * `stream_expired`.
 */
export async function openReading(runtime: Runtime, request: ReadRequest): Promise<Reading> {
  const conversation = await runtime.store.conversation(request.id);
  if (!conversation) throw conversationNotFound(request.id);
  const place = await placeToRead(runtime, request, conversation);
  if (place === undefined) return { kind: "nothing-left" };
  const { start, end } = place;
  return {
    kind: "entries",
    // A conversation that was deleted and began anew under its id is another.
    version: end && `${conversation.createdAt}:${start}:${end}`,
    read: (sink) => readEntries(runtime, request, { conversation, start }, sink),
  };
}

/** Where reading begins, and with which entry it will end, once that is certain. */
interface Place {
  readonly start: Cursor;
  readonly end: Cursor | undefined;
}

/** Undefined when there is nothing left to read. */
async function placeToRead(
  runtime: Runtime,
  request: ReadRequest,
  conversation: Conversation,
): Promise<Place | undefined> {
  const { after, run, follow } = request;
  if (after !== undefined) requireReadable(conversation, after);
  const position = after ?? START;
  if (position !== START && position !== conversation.tip)
    await requireInLog(runtime, conversation, position);
  if (run !== undefined) return placeInRun(runtime, conversation, run, position);
  const ends = isSettled(conversation) && follow !== true;
  if (ends) {
    // Without a cursor the reader asked for the answer itself, which is no longer kept here.
    if (position === START && conversation.base === conversation.tip) throw streamExpired(conversation.id);
    if (position === conversation.tip) return undefined;
  }
  const end = ends ? conversation.tip : undefined;
  return { start: position === START ? conversation.base : position, end };
}

/** Refuses a cursor of an entry that the log does not have: made up, or lost by a store that failed over (L6). */
async function requireInLog(runtime: Runtime, { id, tip }: Conversation, position: Cursor): Promise<void> {
  const [next] = await runtime.store.read(id, position, 1);
  if (next && leavesBehind(next, position)) throw notInLog(position, tip);
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

async function placeInRun(
  runtime: Runtime,
  conversation: Conversation,
  run: number,
  position: Cursor,
): Promise<Place | undefined> {
  if (run > conversation.runs) {
    throw new AgentError("run_not_found", `The conversation has ${conversation.runs} runs so far.`);
  }
  const record = await recordOfRun(runtime, conversation.id, run);
  if (!record) return { start: later(position, conversation.settled), end: undefined };
  if (compareCursors(position, record.to) >= 0) return undefined;
  const start = later(position, record.from);
  requireReadable(conversation, start);
  if (compareCursors(conversation.base, record.to) >= 0) throw streamExpired(conversation.id);
  return { start, end: record.to };
}

function readEntries(
  { store, live }: Runtime,
  request: ReadRequest,
  { conversation, start }: Pick<Opening, "start"> & { readonly conversation: Conversation },
  sink: ReadingSink,
): LogReader {
  const { everything } = request;
  const opening = { start, conversation, everything };
  const reader = createLogReader({
    store,
    live,
    id: conversation.id,
    after: start,
    tip: conversation.tip,
    sink: {
      fail: sink.fail,
      take(batch, position) {
        try {
          requireUnbroken(batch, position, conversation.tip);
          const shown = shownEntries(batch, request, opening);
          const room = shown.events.length === 0 || sink.take(shown);
          if (shown.ended) reader.stop();
          return room;
        } catch (error) {
          reader.stop();
          sink.fail(AgentError.from(error));
          return false;
        }
      },
    },
  });
  return reader;
}

function requireUnbroken({ events }: LiveBatch, position: Cursor, tip: Cursor): void {
  const [first] = events;
  if (first && leavesBehind(first, position)) throw notInLog(position, tip);
}

/** What of a batch a reader is shown, and whether that is all it asked for. */
function shownEntries(batch: LiveBatch, request: ReadRequest, opening: Opening): ReadEntries {
  const end = batch.events.findIndex((event) => endsReading(event, request, batch.runs));
  const isWhole = end === -1 || end === batch.events.length - 1;
  const asked = isWhole ? batch.events : batch.events.slice(0, end + 1);
  const isAskedFor = (event: LogEvent): boolean =>
    (request.run === undefined || event.run === request.run) && isShown(event, opening);
  const events = asked.every(isAskedFor) ? asked : asked.filter(isAskedFor);
  return { events, ended: end !== -1 };
}

function endsReading(event: LogEvent, request: ReadRequest, runs: number | undefined): boolean {
  if (!isRunEnd(event)) return false;
  if (request.run !== undefined) return event.run === request.run;
  return request.follow !== true && (runs === undefined || event.run >= runs);
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
