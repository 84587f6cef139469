const CR = 13;
const MINUS = 45;
const ZERO = 48;
const ARRAY = 42;
const BULK = 36;
const INTEGER = 58;
const FIRST_CAPACITY = 64 * 1024;
/** How many bytes of room stay reserved between two replies. */
const MAX_CAPACITY_KEPT = 4 * 1024 * 1024;

/**
 * Collects what a server of RESP2 sends and tells where its replies end, without looking into them: it goes from
 * length to length. It takes bytes in pieces of any size, cut anywhere.
 */
export interface RespScanner {
  /** Takes the next bytes, and gives the replies that are whole now. They are views that hold until the next call. */
  push(bytes: Uint8Array): readonly Buffer[];
}

export function createRespScanner(): RespScanner {
  let buffer = Buffer.allocUnsafe(FIRST_CAPACITY);
  /** Where the bytes end, where the reply begins, and how far it is known. */
  let end = 0;
  let begin = 0;
  let position = 0;
  /** How many values the reply still lacks: one, and those of every array that has been entered. */
  let missing = 1;

  /** Lets go of the room that an unusually large reply took. */
  function reset(): void {
    buffer = Buffer.allocUnsafe(FIRST_CAPACITY);
    begin = 0;
    end = 0;
    position = 0;
  }

  function take(bytes: Uint8Array): void {
    if (end + bytes.length > buffer.length) {
      const kept = end - begin;
      const needed = kept + bytes.length;
      const roomy = needed > buffer.length ? Buffer.allocUnsafe(needed * 2) : buffer;
      buffer.copy(roomy, 0, begin, end);
      buffer = roomy;
      position -= begin;
      begin = 0;
      end = kept;
    }
    buffer.set(bytes, end);
    end += bytes.length;
  }

  /** Goes on to the end of the reply; false when it is not there yet. */
  function advance(): boolean {
    while (missing > 0) {
      // Lines are short: a search by a loop of our own is cheaper than a call into native code.
      let lineEnd = position + 1;
      while (lineEnd < end && buffer[lineEnd] !== CR) lineEnd++;
      let next = lineEnd + 2;
      let entered = 0;
      if (next > end) return false;
      const type = buffer[position];
      if (type === BULK) {
        const length = digitsAt(buffer, position + 1);
        if (length >= 0) next += length + 2;
      } else if (type === ARRAY) {
        entered = Math.max(0, digitsAt(buffer, position + 1));
      }
      if (next > end) return false;
      position = next;
      missing += entered - 1;
    }
    return true;
  }

  return {
    push(bytes) {
      if (begin === end && buffer.length > MAX_CAPACITY_KEPT) reset();
      take(bytes);
      const replies: Buffer[] = [];
      while (position < end && advance()) {
        replies.push(smallNumberAt(buffer, begin, position) ?? buffer.subarray(begin, position));
        begin = position;
        missing = 1;
      }
      return replies;
    },
  };
}

/** The replies that are a number of one digit, which most are: a view of each costs more than the rest of it. */
const SMALL_NUMBERS = Array.from({ length: 10 }, (_, digit) => Buffer.from(`:${digit}\r\n`));
const SMALL_NUMBER_BYTES = 4;

function smallNumberAt(bytes: Uint8Array, begin: number, end: number): Buffer | undefined {
  if (end - begin !== SMALL_NUMBER_BYTES || bytes[begin] !== INTEGER) return undefined;
  return SMALL_NUMBERS[(bytes[begin + 1] ?? 0) - ZERO];
}

/** The whole number that is written at a place, up to the first byte that is no digit. */
export function digitsAt(bytes: Uint8Array, start: number): number {
  const negative = bytes[start] === MINUS;
  let number = 0;
  for (let index = negative ? start + 1 : start; ; index++) {
    const digit = (bytes[index] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return negative ? -number : number;
    number = number * 10 + digit;
  }
}
