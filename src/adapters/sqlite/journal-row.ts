import { parseEvent } from "../../core/index.ts";
import { isPlainChunk } from "./entry-rows.ts";
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
 * A row of the journal that more may join. It is a JSON array of what was appended, in order: a conversation's key, and
 * behind it what was appended to it as `entries` would hold it, or, of a text chunk that continues what comes before it
 * in the journal, two elements: the milliseconds since, and the text.
 */
export class JournalRowText {
  #text = "";
  /** The highest key of a conversation in it. */
  highestKey = 0;

  get length(): number {
    return this.#text.length;
  }

  /** Adds what stands for something that was appended. */
  add(key: number, text: string): void {
    this.#text += this.#text === "" ? `[${key},${text}` : `,${key},${text}`;
    if (key > this.highestKey) this.highestKey = key;
  }

  /** Gives the row's text and begins anew. */
  take(): string {
    const text = `${this.#text}]`;
    this.clear();
    return text;
  }

  clear(): void {
    this.#text = "";
    this.highestKey = 0;
  }
}

/** What is in a row. */
export function journalItems(text: string): readonly JournalItem[] {
  const elements = (JSON.parse(text) as readonly unknown[]).values();
  const items: JournalItem[] = [];
  for (const key of elements) {
    const element = elements.next().value;
    const entry =
      typeof element === "number"
        ? { elapsedMs: element, delta: String(elements.next().value) }
        : storedEntry(element);
    items.push({ key: Number(key), entry });
  }
  return items;
}

/** As it was before it was written to the journal: also of a newer version's entries nothing gets lost. */
function storedEntry(element: unknown): Entry {
  const event = Array.isArray(element) ? undefined : parseEvent(element);
  if (event && isPlainChunk(event)) return event;
  return { ...placeOf(element), text: JSON.stringify(element) };
}

/** Of the last entry: those of a row of several follow each other, each an object or two elements of which the first is a number. */
function placeOf(element: unknown): { readonly attempt: number; readonly seq: number } {
  const elements = (Array.isArray(element) ? element : [element]) as readonly unknown[];
  const [first] = elements as readonly { readonly attempt: number; readonly seq: number }[];
  if (!first) throw new TypeError("A row of the journal has no entries.");
  const count = elements.filter((each) => typeof each !== "string").length;
  return { attempt: first.attempt, seq: first.seq + count - 1 };
}
