import { AgentError, comesNext, compareCursors, cursorOf, START } from "../core/index.ts";
import type { ConversationId, Cursor } from "../core/index.ts";
import { streamExpired } from "../ports/index.ts";
import type { ConversationStore } from "../ports/index.ts";
import { batchOf, endOf } from "./live-conversations.ts";
import type { LeaveConversation, LiveBatch, LiveConversations } from "./live-conversations.ts";

/** How many entries one read of the store asks for when a reader catches up. */
export const CATCH_UP_PAGE = 1000;
/** How many of them are handed to a reader at a time. */
export const CATCH_UP_PIECE = 100;
/** How many entries a reader may hold that came while it was catching up; past it they are read from the store. */
export const MAX_ENTRIES_HELD = 1024;

/**
 * One reader's way through a log: it reads what is stored in pages until it has caught up, then takes what is stored as
 * it is stored, without hole and without repeat (L6). A reader whose sink is full holds nothing: it stops hearing, and
 * catches up by reading when there is room again (L12).
 */
export interface LogReader {
  /** There is room again after the sink said that it was full. */
  resume(): void;
  /** Ends without a word to the sink. */
  stop(): void;
}

export interface LogSink {
  /** Takes entries that follow a position; false: it is full, call `resume` when there is room. */
  readonly take: (batch: LiveBatch, position: Cursor) => boolean;
  readonly fail: (error: AgentError) => void;
}

export interface LogReaderOptions {
  readonly store: ConversationStore;
  readonly live: LiveConversations;
  readonly id: ConversationId;
  readonly after: Cursor;
  /** The newest entry when the reading was opened. */
  readonly tip: Cursor;
  readonly sink: LogSink;
}

type Mode = "catching-up" | "live" | "full" | "stopped";

export function createLogReader({ store, live, id, after, tip, sink }: LogReaderOptions): LogReader {
  let mode: Mode = "catching-up";
  let position = after;
  let held: LiveBatch[] = [];
  let heldEntries = 0;
  let missed = false;
  /** What was read and not handed on yet: less than a page. */
  let rest: LiveBatch[] = [];
  let leave: LeaveConversation | undefined;

  function hear(batch: LiveBatch): void {
    if (mode === "live") takeLive(batch);
    else if (mode === "catching-up") hold(batch);
  }

  function hold(batch: LiveBatch): void {
    if (heldEntries + batch.events.length > MAX_ENTRIES_HELD) {
      held = [];
      heldEntries = 0;
      missed = true;
    } else {
      held.push(batch);
      heldEntries += batch.events.length;
    }
  }

  function takeLive(batch: LiveBatch): void {
    const fresh = afterPosition(batch, position);
    const [first] = fresh.events;
    if (first === undefined) return;
    if (comesNext(first, position)) hand(fresh);
    else catchUpSoon();
  }

  function hand(batch: LiveBatch): void {
    const before = position;
    position = endOf(batch) ?? position;
    // The sink may have stopped us while it took the batch.
    if (sink.take(batch, before) || mode === "stopped") return;
    mode = "full";
    held = [];
    heldEntries = 0;
    missed = true;
  }

  /** Hands on what was read, until the sink is full: a slow reader is given no more at a time than it takes. */
  function handRest(): boolean {
    while (rest.length > 0 && mode === "catching-up") {
      const [piece] = rest.splice(0, 1);
      if (piece) hand(piece);
    }
    return mode === "catching-up";
  }

  function catchUpSoon(): void {
    mode = "catching-up";
    void catchUp();
  }

  async function catchUp(): Promise<void> {
    try {
      for (;;) {
        if (!handRest()) return;
        missed = false;
        const events = await store.read(id, position, CATCH_UP_PAGE);
        const batch = await batchOf(store, id, events);
        if (mode !== "catching-up") return;
        // From the beginning one reads whatever is kept: when that is nothing, it has expired since the opening.
        if (events.length === 0 && position === START && tip !== START) throw streamExpired(id);
        rest = piecesOf(batch);
        if (!handRest()) return;
        if (events.length === CATCH_UP_PAGE || missed) continue;
        if (leave) break;
        // Only who is still here at the tip needs to hear more; what came before it was heard is read once more.
        leave = live.join(id, position, { hear, end });
      }
      goLive();
    } catch (error) {
      end(AgentError.from(error));
    }
  }

  /** Takes what came while the last page was read; all in one turn, so that nothing falls between. */
  function goLive(): void {
    mode = "live";
    const batches = held;
    held = [];
    heldEntries = 0;
    for (const batch of batches) {
      if (mode !== "live") return;
      takeLive(batch);
    }
  }

  function end(error: AgentError): void {
    if (mode === "stopped") return;
    stop();
    sink.fail(error);
  }

  function stop(): void {
    mode = "stopped";
    held = [];
    rest = [];
    leave?.();
  }

  void catchUp();

  return {
    resume() {
      if (mode === "full") catchUpSoon();
    },
    stop,
  };
}

function afterPosition(batch: LiveBatch, position: Cursor): LiveBatch {
  const [first] = batch.events;
  if (first && compareCursors(cursorOf(first), position) > 0) return batch;
  const events = batch.events.filter((event) => compareCursors(cursorOf(event), position) > 0);
  return { ...batch, events };
}

/** A page in small pieces; what is known of the runs goes with each, since any of them may hold an end. */
function piecesOf({ events, runs }: LiveBatch): LiveBatch[] {
  const pieces: LiveBatch[] = [];
  for (let start = 0; start < events.length; start += CATCH_UP_PIECE) {
    pieces.push({ events: events.slice(start, start + CATCH_UP_PIECE), runs });
  }
  return pieces;
}
