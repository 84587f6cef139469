import type { TextChunk } from "../../core/index.ts";
import { continues, isChunk, nextChunk } from "./entry-rows.ts";
import type { Entry, EntryRow, Place } from "./entry-rows.ts";

/**
 * The newest entries of a conversation, as they are kept in memory until they are filed. There is something for each chunk
 * of each answer under way: of one that continues the chunk before, no more than when it came and its text.
 */
export class ConversationTail {
  readonly #pieces: (EntryRow | ChunkRun)[] = [];
  #count = 0;

  /** How many there are; a row of several counts as one. */
  get count(): number {
    return this.#count;
  }

  /** Where the newest entry is. */
  get end(): Place | undefined {
    const piece = this.#pieces.at(-1);
    return piece instanceof ChunkRun ? piece.end : piece;
  }

  /** Adds what comes next; gives how many milliseconds after the chunk before it came when it continues that. */
  push(entry: Entry): number | undefined {
    this.#count += 1;
    if (!isChunk(entry)) {
      this.#pieces.push(entry);
      return undefined;
    }
    const piece = this.#pieces.at(-1);
    const elapsedMs = piece instanceof ChunkRun ? piece.take(entry) : undefined;
    if (elapsedMs === undefined) this.#pieces.push(new ChunkRun(entry));
    return elapsedMs;
  }

  /** Adds a chunk that continues the newest; false: that is none. */
  pushText(elapsedMs: number, delta: string): boolean {
    const piece = this.#pieces.at(-1);
    if (!(piece instanceof ChunkRun)) return false;
    piece.add(elapsedMs, delta);
    this.#count += 1;
    return true;
  }

  /** Takes back what was added last. */
  pop(): void {
    this.#count -= 1;
    const piece = this.#pieces.at(-1);
    if (!(piece instanceof ChunkRun && piece.pop())) this.#pieces.pop();
  }

  /** Keeps nothing any more. */
  clear(): void {
    this.#pieces.length = 0;
    this.#count = 0;
  }

  *entries(): Generator<Entry, void, undefined> {
    for (const piece of this.#pieces) {
      if (piece instanceof ChunkRun) yield* piece.chunks();
      else yield piece;
    }
  }
}

/** A text chunk, and those that continue it one after the other. */
class ChunkRun {
  readonly #first: TextChunk;
  readonly #elapsedMs: number[] = [];
  readonly #deltas: string[] = [];
  /** When the last of them came. */
  #at: number;

  constructor(first: TextChunk) {
    this.#first = first;
    this.#at = first.at;
  }

  get end(): Place {
    return { attempt: this.#first.attempt, seq: this.#first.seq + this.#deltas.length };
  }

  /** Takes a chunk in that continues the last; gives how much later it came. */
  take(chunk: TextChunk): number | undefined {
    const elapsedMs = chunk.at - this.#at;
    if (!continues(chunk, this.#first, this.#deltas.length + 1, this.#at)) return undefined;
    this.add(elapsedMs, chunk.delta);
    return elapsedMs;
  }

  add(elapsedMs: number, delta: string): void {
    this.#elapsedMs.push(elapsedMs);
    this.#deltas.push(delta);
    this.#at += elapsedMs;
  }

  /** Takes the last one back; false: there is but the first. */
  pop(): boolean {
    const elapsedMs = this.#elapsedMs.pop();
    if (elapsedMs === undefined) return false;
    this.#deltas.pop();
    this.#at -= elapsedMs;
    return true;
  }

  *chunks(): Generator<TextChunk, void, undefined> {
    let chunk = this.#first;
    yield chunk;
    for (const [index, delta] of this.#deltas.entries()) {
      chunk = nextChunk(chunk, this.#elapsedMs[index] ?? 0, delta);
      yield chunk;
    }
  }
}
