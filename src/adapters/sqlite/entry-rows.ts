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
  /** The entry, where it is a text chunk with nothing but its text, which the row then says to the letter. */
  readonly chunk?: TextChunk | undefined;
}

/** An entry, or one or more of them as they are stored. */
export type Entry = LogEvent | EntryRow;

export type TextChunk = Extract<LogEvent, { readonly type: "text-delta" }>;

/** How many fields a chunk with nothing but its text has. */
const PLAIN_FIELDS = 10;

/**
 * The rows of what is appended together; made before a transaction, so that what is no JSON is refused there.
 *
 * A row of one entry is that entry's JSON. A row of several is a JSON array of them, in which a text chunk that continues
 * the entry before it is but two elements: the milliseconds since that entry, and the text.
 */
export function entryRows(entries: readonly LogEvent[]): readonly EntryRow[] {
  const [only] = entries;
  return only && entries.length === 1 ? [rowOf(only)] : gathered(entries);
}

/** The same with as many entries a row as may be, where rows of one entry are among them; those of several stay as they are. */
export function gathered(entries: readonly Entry[]): readonly EntryRow[] {
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

/** The entries of a row of several; what a newer version wrote is not among them. Undefined for a row of one. */
export function entriesOfGroup(text: string): readonly LogEvent[] | undefined {
  if (!isGroup(text)) return undefined;
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
  #lastChunk: TextChunk | undefined;
  #entries = 1;

  constructor(first: Entry) {
    this.#text = textOf(first);
    this.#isClosed = isGroup(this.#text);
    this.#last = first;
    this.#lastChunk = chunkOf(first);
  }

  /** Whether it has taken the entry in. */
  takes(entry: Entry): boolean {
    if (this.#isClosed || this.#entries === MAX_ENTRIES_A_ROW) return false;
    if (this.#text.length >= FULL_ROW_CHARACTERS) return false;
    const last = this.#last;
    if (entry.attempt !== last.attempt || entry.seq !== last.seq + 1) return false;
    const chunk = chunkOf(entry);
    const before = this.#lastChunk;
    const text = chunk && before && continues(chunk, before) ? shortText(chunk, before) : textOf(entry);
    if (text.length >= FULL_ROW_CHARACTERS || isGroup(text)) return false;
    this.#text += `,${text}`;
    this.#last = entry;
    this.#lastChunk = chunk;
    this.#entries += 1;
    return true;
  }

  row(): EntryRow {
    const { attempt, seq } = this.#last;
    return { attempt, seq, text: this.#entries === 1 ? this.#text : `[${this.#text}]` };
  }
}

function rowOf(event: LogEvent): EntryRow {
  const { attempt, seq } = event;
  return { attempt, seq, text: JSON.stringify(event), chunk: isPlainChunk(event) ? event : undefined };
}

function isGroup(text: string): boolean {
  return text.startsWith("[");
}

/** What stands for a chunk behind one that it continues. */
function shortText({ at, delta }: TextChunk, before: TextChunk): string {
  return `${at - before.at},${JSON.stringify(delta)}`;
}

function textOf(entry: Entry): string {
  return "type" in entry ? JSON.stringify(entry) : entry.text;
}

function chunkOf(entry: Entry): TextChunk | undefined {
  if (!("type" in entry)) return entry.chunk;
  return isPlainChunk(entry) ? entry : undefined;
}

function isPlainChunk(event: LogEvent): event is TextChunk {
  return (
    event.type === "text-delta" &&
    typeof event.delta === "string" &&
    event.v === 1 &&
    Object.keys(event).length === PLAIN_FIELDS
  );
}

/** Whether `nextChunk` makes just this entry of the one before it. */
function continues(chunk: TextChunk, before: TextChunk): boolean {
  return (
    chunk.id === before.id &&
    chunk.sequence === before.sequence + 1 &&
    chunk.step === before.step &&
    chunk.run === before.run &&
    before.at + (chunk.at - before.at) === chunk.at
  );
}

function nextChunk(before: TextChunk, elapsedMs: number, delta: string): TextChunk {
  const { attempt, run, step, id } = before;
  const [seq, sequence, at] = [before.seq + 1, before.sequence + 1, before.at + elapsedMs];
  return { v: 1, attempt, seq, at, run, type: "text-delta", step, id, delta, sequence };
}
