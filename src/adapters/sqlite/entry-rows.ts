import { parseEvent } from "../../core/index.ts";
import type { LogEvent } from "../../core/index.ts";

/** How many entries lie in one row at most: a read that begins or ends within a row parses so many in vain. */
export const MAX_ENTRIES_A_ROW = 64;
/** From so many characters on a row takes in no more, and an entry of so many lies alone. */
export const FULL_ROW_CHARACTERS = 4096;

/** Entries that follow each other in one attempt, as they are stored. */
export interface EntryRow {
  readonly attempt: number;
  /** Of the last of them: so that the first row beyond a cursor is the one that has the entry after it. */
  readonly seq: number;
  readonly text: string;
}

type TextChunk = Extract<LogEvent, { readonly type: "text-delta" }>;

/** How many fields a chunk with nothing but its text has. */
const PLAIN_FIELDS = 10;

/**
 * The rows of what is appended together; made before a transaction, so that what is no JSON is refused there.
 *
 * A row of one entry is that entry's JSON. A row of several is a JSON array of them, in which a text chunk that continues
 * the entry before it is but two elements: the milliseconds since that entry, and the text.
 */
export function entryRows(events: readonly LogEvent[]): readonly EntryRow[] {
  const [only] = events;
  if (only && events.length === 1) return [rowOf(only)];
  const rows: EntryRow[] = [];
  let open: OpenRow | undefined;
  for (const event of events) {
    if (open?.takes(event)) continue;
    if (open) rows.push(open.row());
    open = new OpenRow(event);
  }
  if (open) rows.push(open.row());
  return rows;
}

/** The entries of a row of several; what a newer version wrote is not among them. Undefined for a row of one. */
export function entriesOfGroup(text: string): readonly LogEvent[] | undefined {
  if (!text.startsWith("[")) return undefined;
  const elements = JSON.parse(text) as readonly unknown[];
  const events: LogEvent[] = [];
  let before: LogEvent | undefined;
  for (let index = 0; index < elements.length; index++) {
    const element = elements[index];
    if (typeof element !== "number") before = parseEvent(element);
    else if (before?.type === "text-delta") before = nextChunk(before, element, String(elements[++index]));
    if (before) events.push(before);
  }
  return events;
}

/** A row that more entries may join. */
class OpenRow {
  #text: string;
  #last: LogEvent;
  #entries = 1;

  constructor(first: LogEvent) {
    this.#text = JSON.stringify(first);
    this.#last = first;
  }

  /** Whether it has taken the entry in. */
  takes(event: LogEvent): boolean {
    if (this.#entries === MAX_ENTRIES_A_ROW || this.#text.length >= FULL_ROW_CHARACTERS) return false;
    const last = this.#last;
    if (event.attempt !== last.attempt || event.seq !== last.seq + 1) return false;
    const text = continues(event, last)
      ? `${event.at - last.at},${JSON.stringify(event.delta)}`
      : JSON.stringify(event);
    if (text.length >= FULL_ROW_CHARACTERS) return false;
    this.#text += `,${text}`;
    this.#last = event;
    this.#entries += 1;
    return true;
  }

  row(): EntryRow {
    const { attempt, seq } = this.#last;
    return { attempt, seq, text: this.#entries === 1 ? this.#text : `[${this.#text}]` };
  }
}

function rowOf(event: LogEvent): EntryRow {
  return { attempt: event.attempt, seq: event.seq, text: JSON.stringify(event) };
}

/** Whether `nextChunk` makes just this entry of the one before it. */
function continues(event: LogEvent, before: LogEvent): event is TextChunk {
  return (
    event.type === "text-delta" &&
    before.type === "text-delta" &&
    event.id === before.id &&
    event.sequence === before.sequence + 1 &&
    event.step === before.step &&
    event.run === before.run &&
    before.at + (event.at - before.at) === event.at &&
    typeof event.delta === "string" &&
    hasNothingElse(event) &&
    hasNothingElse(before)
  );
}

function hasNothingElse(chunk: TextChunk): boolean {
  return chunk.v === 1 && Object.keys(chunk).length === PLAIN_FIELDS;
}

function nextChunk(before: TextChunk, elapsedMs: number, delta: string): TextChunk {
  const { attempt, run, step, id } = before;
  const [seq, sequence, at] = [before.seq + 1, before.sequence + 1, before.at + elapsedMs];
  return { v: 1, attempt, seq, at, run, type: "text-delta", step, id, delta, sequence };
}
