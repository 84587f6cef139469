import { digitsIn } from "./command-encoder.ts";
import type { CommandEncoder } from "./command-encoder.ts";
import type { ConversationId, LogEvent, TextChunk } from "../../core/index.ts";
import type { AppendListener, AppendOptions } from "../../ports/index.ts";
import { REPEATED, WRITTEN } from "./append-script.ts";
import { isLikeText } from "./redis-entry.ts";
import type { TextData } from "./redis-entry.ts";
import type { Followed } from "./redis-followers.ts";
import type { PreparedScript } from "./redis-scripts.ts";
import type { Request } from "./resp-connection.ts";
import { valueFromReply } from "./resp-reader.ts";

/** What is known here of a conversation that this process holds. */
export class Hold {
  readonly id: ConversationId;
  /** Where it is kept; undefined once it is not. */
  keptIn: object | undefined;
  readonly attempt: number;
  /** The newest entry, as far as this process knows: wrong, it costs time only. */
  seq: number;
  readonly name: string;
  /** Appends what takes nothing, keeps nothing and voids nothing. */
  readonly append: PreparedScript;
  /** Its first key, and what it begins with: here, since for every token each object on the way to it would be looked at. */
  readonly key: string;
  readonly beginCount: number;
  readonly beginBytes: string;
  /** What its newest text chunks had in common. */
  text: TextData | undefined = undefined;
  /** Whoever follows it here, as it was found with the newest append. */
  followed: Followed | undefined = undefined;

  constructor({ id, keptIn, attempt, seq, name, append }: HoldOptions) {
    this.id = id;
    this.keptIn = keptIn;
    this.attempt = attempt;
    this.seq = seq;
    this.name = name;
    this.append = append;
    this.key = append.keys[0] ?? "";
    this.beginCount = append.begin.count;
    this.beginBytes = append.begin.bytes;
  }
}

export type HoldOptions = Pick<Hold, "id" | "keptIn" | "attempt" | "seq" | "name" | "append">;

/** Entries that are to be appended together. */
export interface Batch {
  readonly id: ConversationId;
  readonly events: readonly LogEvent[];
  readonly options: AppendOptions;
  readonly listener: AppendListener;
  /** Whoever follows the conversation here. */
  readonly followed: Followed | undefined;
}

type TextChunks = readonly [TextChunk, ...TextChunk[]];

/** What becomes of a batch beyond its way to the server. */
export interface BatchOutcome {
  /** Tells the followers here whether the entries are stored as they are. */
  settle(batch: Batch, stored: boolean): void;
  /** Appends a batch of any kind, in any circumstances. */
  appendAnyhow(batch: Batch): Promise<void>;
  /** What an error of the connection is to the caller of the store. */
  errorOf(error: Error): Error;
}

/** The chunks of a batch that is nothing else: text of one part, in a row, that takes nothing and ends nothing. */
export function chunksOf({ events, options }: Batch): TextChunks | undefined {
  const [first] = events;
  if (first?.type !== "text-delta" || options.record || options.takes?.length) return undefined;
  for (let index = 1; index < events.length; index++) {
    const event = events[index];
    if (event?.type !== "text-delta" || !isLikeText(first, event)) return undefined;
    if (event.attempt !== first.attempt || event.seq !== first.seq + index) return undefined;
  }
  return events as TextChunks;
}

/**
 * Appends text chunks right behind what this process wrote last, as nearly all appends do: one object, no promise and
 * no string more than there is. Whatever Redis answers but that the chunks are stored, it has stored none of them, and the
 * batch is appended as any other would be.
 */
export class ChunkAppend implements Request {
  since = 0;
  readonly #batch: Batch;
  readonly #chunks: TextChunks;
  readonly #hold: Hold;
  readonly #text: TextData;
  readonly #now: number;
  readonly #outcome: BatchOutcome;

  constructor({ batch, chunks, hold, text, now, outcome }: ChunkAppendOptions) {
    this.#batch = batch;
    this.#chunks = chunks;
    this.#hold = hold;
    this.#text = text;
    this.#now = now;
    this.#outcome = outcome;
  }

  /** The arguments of the append script. */
  encode(encoder: CommandEncoder): void {
    const { attempt, seq, beginCount, beginBytes } = this.#hold;
    encoder.begin(beginCount + 3 + 4 * this.#chunks.length);
    encoder.addEncoded(beginBytes);
    addCursor(encoder, attempt, seq);
    addCursor(encoder, attempt, this.#last);
    encoder.addNumber(this.#now);
    let first = true;
    for (const { at, sequence, delta } of this.#chunks) {
      encoder.addNumber(at);
      if (first) encoder.addEncoded(this.#text.words.bytes);
      else encoder.addWord("");
      encoder.addNumber(sequence);
      encoder.addWord(delta);
      first = false;
    }
  }

  take(reply: Buffer): void {
    const outcome = isWritten(reply) ? WRITTEN : valueFromReply(reply);
    // Both are stored: to send a repeat once more could meet a worker that has taken over since.
    if (outcome !== WRITTEN && outcome !== REPEATED) return this.#appendAnyhow();
    this.#hold.seq = this.#last;
    try {
      this.#outcome.settle(this.#batch, outcome === WRITTEN);
    } finally {
      this.#batch.listener.appended();
    }
  }

  refuse(): void {
    this.#appendAnyhow();
  }

  fail(error: Error): void {
    try {
      this.#outcome.settle(this.#batch, false);
    } finally {
      // It may be known at once, before whoever appends has its answer.
      queueMicrotask(() => this.#batch.listener.refused(this.#outcome.errorOf(error)));
    }
  }

  get #last(): number {
    return this.#chunks[0].seq + this.#chunks.length - 1;
  }

  #appendAnyhow(): void {
    const { listener } = this.#batch;
    this.#outcome.appendAnyhow(this.#batch).then(
      () => listener.appended(),
      (error: unknown) => listener.refused(error),
    );
  }
}

const WRITTEN_REPLY = Buffer.from(`:${WRITTEN}\r\n`);

/** As nearly every reply is: told without making anything of it. */
function isWritten(reply: Buffer): boolean {
  return (
    reply[1] === WRITTEN_REPLY[1] && reply[0] === WRITTEN_REPLY[0] && reply.length === WRITTEN_REPLY.length
  );
}

export interface ChunkAppendOptions {
  readonly batch: Batch;
  readonly chunks: TextChunks;
  readonly hold: Hold;
  readonly text: TextData;
  readonly now: number;
  readonly outcome: BatchOutcome;
}

function addCursor(encoder: CommandEncoder, attempt: number, seq: number): void {
  encoder.beginWord(digitsIn(attempt) + 1 + digitsIn(seq));
  encoder.addDigits(attempt);
  encoder.addPiece("-");
  encoder.addDigits(seq);
  encoder.endWord();
}
