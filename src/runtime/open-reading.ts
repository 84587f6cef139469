import { AgentError, compareCursors, cursorOf, isRunEnd, isSettled, isVoided, START } from "../core/index.ts";
import type { Conversation, ConversationId, Cursor, LogEvent } from "../core/index.ts";
import { conversationNotFound, requireReadable, streamExpired } from "../ports/index.ts";
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
  | { readonly kind: "entries"; readonly entries: AsyncIterable<readonly ReadEntry[]> };

export interface ReadEntry {
  readonly event: LogEvent;
  readonly cursor: Cursor;
  /** Whether the reading ends with this entry. */
  readonly last: boolean;
}

/**
 * Opens a reading of a conversation's log (L6). What was withdrawn before now is never shown, and its reset only to a
 * reader who may have seen some of it (L7). Throws `conversation_not_found`, `run_not_found`, `cursor_beyond_log` and
 * `stream_expired`.
 */
export async function openReading(
  runtime: Runtime,
  request: ReadRequest,
  signal: AbortSignal,
): Promise<Reading> {
  const conversation = await runtime.store.conversation(request.id);
  if (!conversation) throw conversationNotFound(request.id);
  const start = await placeToStart(runtime, request, conversation);
  return start === undefined
    ? { kind: "nothing-left" }
    : { kind: "entries", entries: readEntries(runtime, request, conversation, start, signal) };
}

/** Where reading begins, undefined when there is nothing left to read. */
async function placeToStart(
  runtime: Runtime,
  request: ReadRequest,
  conversation: Conversation,
): Promise<Cursor | undefined> {
  const { after, run, follow } = request;
  if (after !== undefined) requireReadable(conversation, after);
  const position = after ?? START;
  if (run !== undefined) return startOfRun(runtime, conversation, run, position);
  const settled = isSettled(conversation);
  if (settled && follow !== true) {
    // Without a cursor the reader asked for the answer itself, which is no longer kept here.
    if (position === START && conversation.base === conversation.tip) throw streamExpired(conversation.id);
    if (position === conversation.tip) return undefined;
  }
  if (position === START) return conversation.base;
  if (position !== conversation.tip) await requireInLog(runtime, conversation, position);
  return position;
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

async function startOfRun(
  runtime: Runtime,
  conversation: Conversation,
  run: number,
  position: Cursor,
): Promise<Cursor | undefined> {
  if (run > conversation.runs) {
    throw new AgentError("run_not_found", `The conversation has ${conversation.runs} runs so far.`);
  }
  const record = await recordOfRun(runtime, conversation.id, run);
  if (!record) return later(position, conversation.settled);
  if (compareCursors(position, record.to) >= 0) return undefined;
  const start = later(position, record.from);
  requireReadable(conversation, start);
  if (compareCursors(conversation.base, record.to) >= 0) throw streamExpired(conversation.id);
  return start;
}

async function* readEntries(
  runtime: Runtime,
  request: ReadRequest,
  conversation: Conversation,
  start: Cursor,
  signal: AbortSignal,
): AsyncGenerator<readonly ReadEntry[]> {
  const { run, everything } = request;
  let position = start;
  for await (const batch of storedFrom(runtime, conversation, start, signal)) {
    const entries: ReadEntry[] = [];
    for (const event of batch) {
      const cursor = cursorOf(event);
      if (leavesBehind(event, position)) throw notInLog(position, conversation.tip);
      position = cursor;
      if (run !== undefined && event.run > run) return;
      if (run !== undefined && event.run < run) continue;
      if (!isShown(event, { start, conversation, everything })) continue;
      const last = isRunEnd(event) && (await endsReading(runtime, request, event.run));
      entries.push({ event, cursor, last });
      if (last) break;
    }
    if (entries.length > 0) yield entries;
    if (entries.at(-1)?.last) return;
  }
}

/** How many entries are read before a log is followed. */
const FIRST_PAGE = 512;

/**
 * Follows a log from where the reading begins. `START` asks for whatever is kept, also when that is nothing: a log that
 * was written, and expired after the reading was opened, would be followed for ever.
 */
async function* storedFrom(
  { store }: Runtime,
  { id, tip }: Conversation,
  start: Cursor,
  signal: AbortSignal,
): AsyncGenerator<readonly LogEvent[]> {
  let position = start;
  if (start === START && tip !== START) {
    const first = await store.read(id, START, FIRST_PAGE);
    const last = first.at(-1);
    if (!last) throw streamExpired(id);
    yield first;
    position = cursorOf(last);
  }
  yield* store.follow(id, position, { signal });
}

/** Where a reading began, and what was known of the log at that moment. */
export interface Opening {
  readonly start: Cursor;
  readonly conversation: Pick<Conversation, "tip" | "voided">;
  readonly everything: boolean | undefined;
}

/** Whether a reader is shown an entry: nothing that was void when it came, and no reset of what it never saw (L7). */
export function isShown(event: LogEvent, { start, conversation, everything }: Opening): boolean {
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

async function endsReading(runtime: Runtime, request: ReadRequest, run: number): Promise<boolean> {
  if (request.run !== undefined) return run === request.run;
  if (request.follow === true) return false;
  const conversation = await runtime.store.conversation(request.id);
  return conversation === undefined || run >= conversation.runs;
}

function later(a: Cursor, b: Cursor): Cursor {
  return compareCursors(a, b) >= 0 ? a : b;
}
