const CHUNK_BYTES = 64 * 1024;
/** Shorter strings are copied letter by letter: a call into native code costs more. */
const SHORT = 40;
/** What the length of a string and its line ends take at most. */
const FRAME_BYTES = 32;
const UTF8_BYTES_A_UNIT = 3;
const LAST_ASCII = 127;
const ZERO = 48;
const ARRAY = 42;
const BULK = 36;
const CR = 13;
const LF = 10;

/**
 * Turns commands into bytes of RESP2, one after the other, until they are taken. Strings that are put together and
 * flattened for the socket cost several times as much, most of all in garbage.
 */
export interface CommandEncoder {
  /** Adds a command: its words, after those that it begins with. */
  add(words: readonly string[], begin?: EncodedWords): void;
  /** How many bytes there are to take. */
  readonly size: number;
  /** The bytes of all commands since the last call. They stay as they are until `reuse`. */
  take(): Uint8Array;
  /** Says that nobody needs what was taken any more: its place is written over. Without it there are ever new places. */
  reuse(): void;
}

/** The first words of a command, encoded once for all the commands that begin like that. */
export interface EncodedWords {
  readonly count: number;
  readonly bytes: Uint8Array;
}

export function encodeWords(words: readonly string[]): EncodedWords {
  // One for all: an encoder has room for thousands of commands, and these are kept for as long as a run goes on.
  encoderOfWords ??= createCommandEncoder();
  encoderOfWords.add(words);
  const encoded = encoderOfWords.take();
  // Without the line that says how many there are; a copy, since a Buffer's slice is none.
  const bytes = new Uint8Array(encoded.subarray(encoded.indexOf(LF) + 1));
  encoderOfWords.reuse();
  return { count: words.length, bytes };
}

let encoderOfWords: CommandEncoder | undefined;

export function createCommandEncoder(): CommandEncoder {
  let bytes = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  let start = 0;
  let end = 0;

  /** Makes room for so many bytes more, in a new place: what was taken may still be on its way to the socket. */
  function reserve(count: number): void {
    if (end + count <= bytes.length) return;
    const pending = end - start;
    const roomy = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, 2 * (pending + count)));
    bytes.copy(roomy, 0, start, end);
    bytes = roomy;
    start = 0;
    end = pending;
  }

  function addNumber(type: number, number: number): void {
    bytes[end++] = type;
    let power = 1;
    while (power * 10 <= number) power *= 10;
    for (let rest = number; power >= 1; power /= 10) {
      const digit = Math.floor(rest / power);
      bytes[end++] = ZERO + digit;
      rest -= digit * power;
    }
    endLine();
  }

  function endLine(): void {
    bytes[end++] = CR;
    bytes[end++] = LF;
  }

  function addWord(word: string): void {
    reserve(FRAME_BYTES + UTF8_BYTES_A_UNIT * word.length);
    if (word.length > SHORT || !addAscii(word)) {
      addNumber(BULK, Buffer.byteLength(word));
      end += bytes.write(word, end);
    }
    endLine();
  }

  /** False, and nothing added, when it has letters of more than a byte. */
  function addAscii(word: string): boolean {
    const before = end;
    addNumber(BULK, word.length);
    for (let index = 0; index < word.length; index++) {
      const code = word.charCodeAt(index);
      if (code > LAST_ASCII) {
        end = before;
        return false;
      }
      bytes[end++] = code;
    }
    return true;
  }

  return {
    get size() {
      return end - start;
    },
    add(words, begin) {
      reserve(FRAME_BYTES + (begin?.bytes.length ?? 0));
      addNumber(ARRAY, words.length + (begin?.count ?? 0));
      if (begin) {
        bytes.set(begin.bytes, end);
        end += begin.bytes.length;
      }
      for (const word of words) addWord(word);
    },
    take() {
      const taken = bytes.subarray(start, end);
      start = end;
      return taken;
    },
    reuse() {
      if (start !== end) return;
      start = 0;
      end = 0;
    },
  };
}
