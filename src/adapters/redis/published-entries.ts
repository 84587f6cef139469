import { parseEvent } from "../../core/index.ts";
import type { LogEvent } from "../../core/index.ts";
import { parseObject, parseTextData } from "./redis-entry.ts";
import { digitsAt } from "./resp-scanner.ts";

/** What the first line of a message says of the entries in it, and where they begin. */
export interface PublishedPlace {
  readonly attempt: number;
  readonly first: number;
  readonly last: number;
  readonly end: number;
}

const LINE_BREAK = 10;
const SPACE = 32;
const DASH = 45;
const ASTERISK = 42;
const ZERO = 48;

/**
 * Reads where the entries of a message belong, from bytes: most messages are of what is known already, and nothing more
 * is made of them. Undefined for a message of another form.
 *
 * The append script writes messages as `<attempt>-<first seq> <count>`, a line break, and for each entry a line of
 * timestamp, kind, how many bytes its text has (`*`: all that is left), and its data, which is JSON and has no line
 * breaks, with the text behind it. No data means that of the entry before.
 */
export function placeOf(message: Buffer): PublishedPlace | undefined {
  const afterAttempt = afterDigits(message, 0);
  if (message[afterAttempt] !== DASH) return undefined;
  const afterFirst = afterDigits(message, afterAttempt + 1);
  if (message[afterFirst] !== SPACE) return undefined;
  const afterCount = afterDigits(message, afterFirst + 1);
  if (message[afterCount] !== LINE_BREAK) return undefined;
  const attempt = digitsAt(message, 0);
  const count = digitsAt(message, afterFirst + 1);
  if (attempt <= 0 || count <= 0) return undefined;
  const first = digitsAt(message, afterAttempt + 1);
  return { attempt, first, last: first + count - 1, end: afterCount + 1 };
}

/** Where the digits end that begin at a place. These are few: a search in native code costs more than a loop. */
function afterDigits(bytes: Uint8Array, start: number): number {
  let index = start;
  for (; index < bytes.length; index++) {
    const digit = (bytes[index] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) break;
  }
  return index;
}

/** The entries of a message; undefined when one of them cannot be read, so that the store must be asked. */
export function publishedEntries(message: Buffer, place: PublishedPlace): readonly LogEvent[] | undefined {
  const events: LogEvent[] = [];
  let position = place.end;
  let data = "";
  for (let seq = place.first; seq <= place.last; seq++) {
    const afterTime = message.indexOf(SPACE, position) + 1;
    const afterKind = message.indexOf(SPACE, afterTime) + 1;
    const afterBytes = message.indexOf(SPACE, afterKind) + 1;
    const afterData = message.indexOf(LINE_BREAK, afterBytes) + 1;
    if (afterTime === 0 || afterKind === 0 || afterBytes === 0 || afterData === 0) return undefined;
    const isLast = message[afterKind] === ASTERISK;
    const end = isLast ? message.length : afterData + digitsAt(message, afterKind);
    if (end > message.length) return undefined;
    if (afterData - 1 > afterBytes) data = message.toString("utf8", afterBytes, afterData - 1);
    const at = digitsAt(message, position);
    const kind = message.toString("latin1", afterTime, afterKind - 1);
    const text = message.toString("utf8", afterData, end);
    const event = eventOf({ attempt: place.attempt, seq, at }, kind, data, text);
    if (!event) return undefined;
    events.push(event);
    position = end;
  }
  return events;
}

function eventOf(
  place: Pick<LogEvent, "attempt" | "seq" | "at">,
  kind: string,
  data: string,
  text: string,
): LogEvent | undefined {
  // The number of a text chunk is its kind.
  const sequence = Number(kind);
  if (kind === "" || !Number.isInteger(sequence)) return parseEvent({ ...parseObject(data), ...place });
  const chunk = parseTextData(data);
  return chunk && { ...chunk, ...place, delta: text, sequence };
}
