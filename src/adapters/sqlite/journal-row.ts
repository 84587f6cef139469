import { attemptOf, cursorAt, parseCursor, parseEvent, seqOf } from "../../core/index.ts";
import type { Cursor } from "../../core/index.ts";
import { isGroup, isPlainChunk, textOf } from "./entry-rows.ts";
import type { Entry } from "./entry-rows.ts";

/** An entry of a journal's row, and the key of the conversation whose it is. */
export interface JournalItem {
  readonly key: number;
  readonly entry: Entry | ContinuedText;
}

/** A text chunk that continues the entry that comes before it in the journal, of the same conversation. */
export interface ContinuedText {
  readonly elapsedMs: number;
  readonly delta: string;
}

/**
 * A row of the journal that more may join: a JSON array of what was appended, in order, three elements each. The first is
 * the conversation's key. Of a text chunk that continues what comes before it in the journal, the others are the
 * milliseconds since then, and the text; of everything else its place in the log, and what `entries` would hold.
 */
export class JournalRowText {
  #elements: (number | string)[] = [];
  #length = 0;
  #highestKey = 0;

  /** How many characters it has, about. */
  get length(): number {
    return this.#length;
  }

  /** The highest key of a conversation in it. */
  get highestKey(): number {
    return this.#highestKey;
  }

  add(key: number, entry: Entry): void {
    this.#add(key, cursorAt(entry.attempt, entry.seq), textOf(entry));
  }

  addText(key: number, elapsedMs: number, delta: string): void {
    this.#add(key, elapsedMs, delta);
  }

  #add(key: number, place: Cursor | number, text: string): void {
    this.#elements.push(key, place, text);
    this.#length += text.length + ROOM_BESIDE_TEXT;
    if (key > this.#highestKey) this.#highestKey = key;
  }

  /** Gives the row's text and begins anew. */
  take(): string {
    const text = JSON.stringify(this.#elements);
    this.clear();
    return text;
  }

  clear(): void {
    this.#elements = [];
    this.#length = 0;
    this.#highestKey = 0;
  }
}

/** About how much a key, a place and what sets them apart take. */
const ROOM_BESIDE_TEXT = 14;

/** What is in a row. */
export function journalItems(text: string): readonly JournalItem[] {
  const elements = JSON.parse(text) as readonly (number | string)[];
  const items: JournalItem[] = [];
  for (let index = 0; index < elements.length; index += 3) {
    const [key, place, stored] = elements.slice(index, index + 3);
    const entry =
      typeof place === "number"
        ? { elapsedMs: place, delta: String(stored) }
        : storedEntry(parseCursor(String(place)), String(stored));
    items.push({ key: Number(key), entry });
  }
  return items;
}

/** As it was before it was written to the journal: also of a newer version's entries nothing gets lost. */
function storedEntry(place: Cursor, text: string): Entry {
  const event = isGroup(text) ? undefined : parseEvent(JSON.parse(text));
  if (event && isPlainChunk(event)) return event;
  return { attempt: attemptOf(place), seq: seqOf(place), text };
}
