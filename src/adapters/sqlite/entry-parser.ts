import { parseEvent } from "../../core/index.ts";
import type { LogEvent, TextChunk } from "../../core/index.ts";
import { PLAIN_FIELDS } from "./entry-rows.ts";
import { longStepEnd } from "./long-step-end.ts";

/** What text chunks of one part have in common: how it is written down, and what it says. */
interface Likeness {
  /** Everything up to the place in the attempt. */
  readonly beginning: string;
  /** Everything from there up to the last digits of the time. */
  readonly beforeTime: string;
  /** When those digits are zeros. */
  readonly timeBase: number;
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
const CLOSING_BRACE = 125;
/** How many digits of a time are read; those before them are the same for ten seconds, and compared. */
const TIME_DIGITS = 4;
const TIME_SPAN = 10 ** TIME_DIGITS;

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
    const event = longStepEnd(json) ?? parseEvent(JSON.parse(json));
    if (event?.type === "text-delta") this.#like = likenessOf(json, event);
    return event;
  }
}

/** Undefined when the entry is not written like the one before. */
function textChunk(json: string, like: Likeness): TextChunk | undefined {
  const walk = new EntryWalk(json);
  if (!walk.skips(like.beginning)) return undefined;
  const seq = walk.number();
  if (!walk.skips(like.beforeTime)) return undefined;
  const timeEnd = walk.position + TIME_DIGITS;
  const at = like.timeBase + walk.number();
  if (walk.position !== timeEnd || !walk.skips(like.middle)) return undefined;
  const textStart = walk.position;
  // From the end, which no text can look like: within a text the quotes would be escaped.
  const textEnd = digitsStart(json, json.length - 1) - BEFORE_SEQUENCE.length;
  walk.position = textEnd;
  if (textEnd < textStart || !walk.skips(BEFORE_SEQUENCE)) return undefined;
  const sequence = walk.number();
  if (json.charCodeAt(walk.position) !== CLOSING_BRACE) return undefined;
  const text = json.slice(textStart, textEnd);
  const { attempt, run, step, id } = like.chunk;
  const delta = text.includes("\\") ? (JSON.parse(`"${text}"`) as string) : text;
  return { v: 1, attempt, seq, at, run, type: "text-delta", step, id, delta, sequence };
}

/** Goes through an entry as it is written, from left to right. */
class EntryWalk {
  position = 0;
  readonly #json: string;

  constructor(json: string) {
    this.#json = json;
  }

  /** Goes past a part, if it comes next. What `startsWith` tells too, but a slice is compared by the word. */
  skips(part: string): boolean {
    const end = this.position + part.length;
    if (this.#json.slice(this.position, end) !== part) return false;
    this.position = end;
    return true;
  }

  /** Goes past the digits that come next. */
  number(): number {
    const json = this.#json;
    let number = 0;
    let end = this.position;
    for (let code = json.charCodeAt(end); isDigit(code); code = json.charCodeAt(++end)) {
      number = number * 10 + (code - ZERO);
    }
    this.position = end;
    return number;
  }
}

/** Where the digits begin that end here. */
function digitsStart(json: string, end: number): number {
  let start = end;
  while (isDigit(json.charCodeAt(start - 1))) start--;
  return start;
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE;
}

/** Undefined for a chunk with more to it than a text. */
function likenessOf(json: string, chunk: TextChunk): Likeness | undefined {
  const beginning = `{"v":1,"attempt":${chunk.attempt}${BEFORE_SEQ}`;
  const start = json.indexOf(BEFORE_RUN);
  const end = json.indexOf(BEFORE_DELTA);
  const isPlain = Object.keys(chunk).length === PLAIN_FIELDS && json.startsWith(beginning);
  if (!isPlain || start === -1 || end < start) return undefined;
  const timeStart = Math.floor(chunk.at / TIME_SPAN);
  return {
    beginning,
    beforeTime: `${BEFORE_AT}${timeStart}`,
    timeBase: timeStart * TIME_SPAN,
    middle: json.slice(start, end + BEFORE_DELTA.length),
    chunk,
  };
}
