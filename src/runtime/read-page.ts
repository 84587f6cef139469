import { AgentError, compareCursors, cursorOf, START } from "../core/index.ts";
import type { Conversation, ConversationId, Cursor, LogEvent } from "../core/index.ts";
import { conversationNotFound, streamExpired } from "../ports/index.ts";
import { openReading } from "./open-reading.ts";
import type { Reading } from "./open-reading.ts";
import { recordOfRun } from "./run-status.ts";
import type { Runtime } from "./runtime.ts";

/** A conversation's log, or one run of it. */
export interface LogPlace {
  readonly id: ConversationId;
  readonly run?: number | undefined;
}

export interface PageRequest extends LogPlace {
  /** The newest entry that the reader has, `START` for one who has followed from before the first; absent: what is kept. */
  readonly after: Cursor | undefined;
  /** How many entries are enough; a few more may come. */
  readonly limit: number;
  /** Wait for the next entry if there is none. */
  readonly waits: boolean;
  /** Ends the wait: the page is then what there was. */
  readonly signal: AbortSignal;
}

/** What a reader who asks again and again is given at once. */
export interface LogPage {
  /** Every entry but what was withdrawn before. */
  readonly events: readonly LogEvent[];
  /** Reading goes on after this. */
  readonly end: Cursor;
  /** Whether these are all there were when they were asked for. */
  readonly upToDate: boolean;
  /** Whether nothing more will ever come; of a conversation there may always be another run. */
  readonly closed: boolean;
  /** The conversation as it was then. */
  readonly conversation: Conversation;
}

/** Throws what `openReading` throws, and `stream_expired` also when the log's beginning is gone that `START` asks for. */
export async function readPage(runtime: Runtime, request: PageRequest): Promise<LogPage> {
  const { id, run, after, waits } = request;
  const conversation = await existing(runtime, id);
  if (after === START && run === undefined && conversation.base !== START) throw streamExpired(id);
  const reading = await openReading(
    runtime,
    { id, run, after, follow: waits, everything: true },
    conversation,
  );
  const position = later(after ?? START, conversation.base);
  const nothing = { events: [], end: position, upToDate: true, closed: false, conversation };
  if (reading.kind === "nothing-left") return { ...nothing, closed: run !== undefined };
  if (!waits && isCaughtUp(conversation, position, run)) return nothing;
  return readUntilEnough(reading, request, nothing);
}

/** Where a log ends now, and whether for good. Throws `conversation_not_found` and `run_not_found`. */
export async function tailOf(
  runtime: Runtime,
  { id, run }: LogPlace,
): Promise<{ readonly end: Cursor; readonly closed: boolean }> {
  const conversation = await existing(runtime, id);
  if (run === undefined) return { end: conversation.tip, closed: false };
  if (run > conversation.runs) {
    throw new AgentError("run_not_found", `The conversation has ${conversation.runs} runs so far.`);
  }
  const record = await recordOfRun(runtime, id, run);
  if (record) return { end: record.to, closed: true };
  return { end: waitsForItsTurn(conversation, run) ? START : conversation.tip, closed: false };
}

async function existing({ store }: Runtime, id: ConversationId): Promise<Conversation> {
  const conversation = await store.conversation(id);
  if (!conversation) throw conversationNotFound(id);
  return conversation;
}

function isCaughtUp(conversation: Conversation, position: Cursor, run: number | undefined): boolean {
  if (run !== undefined && waitsForItsTurn(conversation, run)) return true;
  return compareCursors(position, conversation.tip) >= 0;
}

function waitsForItsTurn({ inbox }: Conversation, run: number): boolean {
  return inbox.some((item) => item.kind === "run" && item.run === run);
}

/** The newest entry is never withdrawn, and of a run under way it is that run's: a reading comes to it. */
function readUntilEnough(
  { read }: Extract<Reading, { kind: "entries" }>,
  { run, limit, waits, signal }: PageRequest,
  nothing: LogPage,
): Promise<LogPage> {
  return new Promise((resolve, reject) => {
    const events: LogEvent[] = [];
    let { end } = nothing;
    const reader = read({
      take(entries) {
        for (const event of entries.events) events.push(event);
        const last = entries.events.at(-1);
        if (last) end = cursorOf(last);
        const upToDate = entries.ended || compareCursors(end, nothing.conversation.tip) >= 0;
        const closed = entries.ended && run !== undefined;
        if (upToDate || events.length >= limit) finish({ upToDate, closed });
        return true;
      },
      fail: (error) => settle(() => reject(error)),
    });
    // Whoever waited for the next entry in vain has all there is; others are to ask again.
    const stop = (): void => finish({ upToDate: waits && events.length === 0, closed: false });
    function finish(outcome: Pick<LogPage, "upToDate" | "closed">): void {
      settle(() => resolve({ ...nothing, ...outcome, events, end }));
    }
    function settle(act: () => void): void {
      signal.removeEventListener("abort", stop);
      reader.stop();
      act();
    }
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}

function later(a: Cursor, b: Cursor): Cursor {
  return compareCursors(a, b) >= 0 ? a : b;
}
