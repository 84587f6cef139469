import { parseEvent } from "../../core/index.ts";
import type { LogEvent, TextChunk } from "../../core/index.ts";
import { longStepEnd } from "./long-step-end.ts";

/** How many entries lie in one row at most: a read that begins or ends within a row parses so many in vain. */
export const MAX_ENTRIES_A_ROW = 64;
/** From so many characters on a row takes in no more, and an entry of so many lies alone. */
export const FULL_ROW_CHARACTERS = 4096;

/** Where an entry is in its conversation's log. */
export type Place = Pick<LogEvent, "attempt" | "seq">;

/**
 * Entries that follow each other in one attempt, as they are stored. Its place is that of the last of them, so that the
 * first row beyond a cursor is the one that has the entry after it.
 */
export interface EntryRow extends Place {
  readonly text: string;
}

/** One or more entries as they are stored, or a plain chunk, which cannot fail to be written down. */
export type Entry = TextChunk | EntryRow;

/** How many fields a chunk with nothing but its text has. */
const PLAIN_FIELDS = 10;

/**
 * What is appended together; made before a transaction, so that what is no JSON is refused there.
 *
 * A row of one entry is that entry's JSON. A row of several is a JSON array of them, in which a text chunk that continues
 * the entry before it is but two elements: the milliseconds since that entry, and the text.
 */
export function entryRows(entries: readonly LogEvent[]): readonly Entry[] {
  const [only] = entries;
  return only && entries.length === 1 ? [entryOf(only)] : gathered(entries.map(entryOf));
}

/** The same as rows, with as many entries a row as may be; those that hold several stay as they are. */
export function gathered(entries: Iterable<Entry>): readonly EntryRow[] {
  const rows: EntryRow[] = [];
  let open: OpenRow | undefined;
  for (const entry of entries) {
    if (open?.takes(entry)) continue;
    if (open) rows.push(open.row());
    open = new OpenRow(entry);
  }
  if (open) rows.push(open.row());
  return rows;
}

/** The entries of a row; what a newer version wrote is not among them. */
export function entriesOfRow(text: string): readonly LogEvent[] {
  if (isGroup(text)) return entriesOfGroup(text);
  const event = longStepEnd(text) ?? parseEvent(JSON.parse(text));
  return event ? [event] : [];
}

function entriesOfGroup(text: string): readonly LogEvent[] {
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
  /** It was stored as a row of several, and stays as it is. */
  readonly #isClosed: boolean;
  #last: Entry;
  #entries = 1;

  constructor(first: Entry) {
    this.#text = textOf(first);
    this.#isClosed = isGroup(this.#text);
    this.#last = first;
  }

  /** Whether it has taken the entry in. */
  takes(entry: Entry): boolean {
    if (this.#isClosed || this.#entries === MAX_ENTRIES_A_ROW) return false;
    if (this.#text.length >= FULL_ROW_CHARACTERS) return false;
    const last = this.#last;
    if (entry.attempt !== last.attempt || entry.seq !== last.seq + 1) return false;
    const text = textBehind(last, entry);
    if (text.length >= FULL_ROW_CHARACTERS || isGroup(text)) return false;
    this.#text += `,${text}`;
    this.#last = entry;
    this.#entries += 1;
    return true;
  }

  row(): EntryRow {
    const { attempt, seq } = this.#last;
    return { attempt, seq, text: this.#entries === 1 ? this.#text : `[${this.#text}]` };
  }
}

function entryOf(event: LogEvent): Entry {
  if (isPlainChunk(event)) return event;
  const { attempt, seq } = event;
  return { attempt, seq, text: JSON.stringify(event) };
}

/** As it is stored by itself. */
export function textOf(entry: Entry): string {
  return isChunk(entry) ? JSON.stringify(entry) : entry.text;
}

/** Whether a row holds several. */
export function isGroup(text: string): boolean {
  return text.startsWith("[");
}

/** What stands for a chunk behind one that it continues. */
function shortText(elapsedMs: number, delta: string): string {
  return `${elapsedMs},${JSON.stringify(delta)}`;
}

export function isChunk(entry: Entry): entry is TextChunk {
  return "delta" in entry;
}

/** Whether its place, its time and its text are all there is to it. */
export function isPlainChunk(event: LogEvent): event is TextChunk {
  return (
    event.type === "text-delta" &&
    typeof event.delta === "string" &&
    event.v === 1 &&
    Number.isSafeInteger(event.at) &&
    fieldsOf(event) === PLAIN_FIELDS
  );
}

/** How many there are. Their names as an array would be made for every chunk. */
function fieldsOf(event: LogEvent): number {
  let count = 0;
  for (const _ in event) count += 1;
  return count;
}

/** As it is stored behind the entry before it. */
function textBehind(before: Entry, entry: Entry): string {
  if (isChunk(before) && isChunk(entry) && continues(entry, before, 1, before.at)) {
    return shortText(entry.at - before.at, entry.delta);
  }
  return textOf(entry);
}

/** Whether a chunk is what `nextChunk` makes of the one before it, which came at `at`, so many steps behind another. */
export function continues(chunk: TextChunk, first: TextChunk, steps: number, at: number): boolean {
  return (
    chunk.seq === first.seq + steps &&
    chunk.attempt === first.attempt &&
    chunk.id === first.id &&
    chunk.sequence === first.sequence + steps &&
    chunk.step === first.step &&
    chunk.run === first.run &&
    at + (chunk.at - at) === chunk.at
  );
}

export function nextChunk(before: TextChunk, elapsedMs: number, delta: string): TextChunk {
  const { attempt, run, step, id } = before;
  const [seq, sequence, at] = [before.seq + 1, before.sequence + 1, before.at + elapsedMs];
  return { v: 1, attempt, seq, at, run, type: "text-delta", step, id, delta, sequence };
}
