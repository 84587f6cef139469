import { parseEvent } from "../../core/index.ts";
import type { LogEvent } from "../../core/index.ts";

type TextChunk = Extract<LogEvent, { readonly type: "text-delta" }>;

/** What text chunks of one part have in common: how it is written down, and what it says. */
interface Likeness {
  /** Everything up to the place in the attempt. */
  readonly beginning: string;
  /** Everything between the time and the text. */
  readonly middle: string;
  readonly chunk: TextChunk;
}

const BEFORE_SEQ = ',"seq":';
const BEFORE_AT = ',"at":';
const BEFORE_RUN = ',"run":';
const BEFORE_DELTA = '"delta":"';
const BEFORE_SEQUENCE = '","sequence":';
const ZERO = 48;
const NINE = 57;
/** How many fields a chunk with nothing but its text has. */
const PLAIN_FIELDS = 10;

/**
 * Makes events of stored entries, one after the other. Logs are mostly made of text chunks, which differ from the one
 * before in their place, their time and their text: of these the rest is compared, not parsed. Everything else goes the
 * way of `JSON.parse`, and both ways give the same.
 */
export class EntryParser {
  #like: Likeness | undefined;

  /** Undefined for what a newer version wrote. */
  parse(json: string): LogEvent | undefined {
    const chunk = this.#like && textChunk(json, this.#like);
    if (chunk) return chunk;
    const event = parseEvent(JSON.parse(json));
    if (event?.type === "text-delta") this.#like = likenessOf(json, event);
    return event;
  }
}

/** Undefined when the entry is not written like the one before. */
function textChunk(json: string, { beginning, middle, chunk }: Likeness): TextChunk | undefined {
  if (!json.startsWith(beginning)) return undefined;
  const seqEnd = digitsEnd(json, beginning.length);
  if (!json.startsWith(BEFORE_AT, seqEnd)) return undefined;
  const atStart = seqEnd + BEFORE_AT.length;
  const atEnd = digitsEnd(json, atStart);
  if (!json.startsWith(middle, atEnd)) return undefined;
  // From the end, which no text can look like: within a text the quotes would be escaped.
  const sequenceStart = digitsStart(json, json.length - 1);
  const textEnd = sequenceStart - BEFORE_SEQUENCE.length;
  const textStart = atEnd + middle.length;
  if (textEnd < textStart || !json.startsWith(BEFORE_SEQUENCE, textEnd) || !json.endsWith("}"))
    return undefined;
  const text = json.slice(textStart, textEnd);
  const { attempt, run, step, id } = chunk;
  return {
    v: 1,
    attempt,
    seq: numberAt(json, beginning.length, seqEnd),
    at: numberAt(json, atStart, atEnd),
    run,
    type: "text-delta",
    step,
    id,
    delta: text.includes("\\") ? (JSON.parse(`"${text}"`) as string) : text,
    sequence: numberAt(json, sequenceStart, json.length - 1),
  };
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE;
}

/** Where the digits end that begin here. */
function digitsEnd(json: string, start: number): number {
  let end = start;
  while (isDigit(json.charCodeAt(end))) end++;
  return end;
}

/** Where the digits begin that end here. */
function digitsStart(json: string, end: number): number {
  let start = end;
  while (isDigit(json.charCodeAt(start - 1))) start--;
  return start;
}

function numberAt(json: string, start: number, end: number): number {
  let number = 0;
  for (let index = start; index < end; index++) number = number * 10 + (json.charCodeAt(index) - ZERO);
  return number;
}

/** Undefined for a chunk with more to it than a text. */
function likenessOf(json: string, chunk: TextChunk): Likeness | undefined {
  const beginning = `{"v":1,"attempt":${chunk.attempt}${BEFORE_SEQ}`;
  const start = json.indexOf(BEFORE_RUN);
  const end = json.indexOf(BEFORE_DELTA);
  const isPlain = Object.keys(chunk).length === PLAIN_FIELDS && json.startsWith(beginning);
  if (!isPlain || start === -1 || end < start) return undefined;
  return { beginning, middle: json.slice(start, end + BEFORE_DELTA.length), chunk };
}
