const CHUNK_BYTES = 64 * 1024;
/** What is kept of the room that larger commands have needed, in bytes. */
const MAX_CAPACITY_KEPT = 4 * 1024 * 1024;
/** Shorter strings are copied letter by letter: a call into native code costs more. */
const SHORT = 40;
/** Whole numbers are written digit by digit, without a string, those that are no small integers of V8's in two parts. */
const SMALL = 2 ** 30;
const LOW_DIGITS = 7;
const LOW = 10 ** LOW_DIGITS;
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
export class CommandEncoder {
  #bytes: Buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  #start = 0;
  #end = 0;

  /** How many bytes there are to take. */
  get size(): number {
    return this.#end - this.#start;
  }

  /** Adds a command: its words, after those that it begins with. */
  add(words: readonly string[], first?: EncodedWords): void {
    this.begin(words.length + (first?.count ?? 0));
    if (first) this.addEncoded(first.bytes);
    for (const word of words) this.addWord(word);
  }

  /** Begins a command of so many words, which are then added one by one: not all of them need be strings first. */
  begin(count: number): void {
    this.#reserve(FRAME_BYTES);
    this.#putLength(ARRAY, count);
  }

  /** Adds the bytes of `EncodedWords`. */
  addEncoded(bytes: string): void {
    this.#reserve(bytes.length);
    this.#end += this.#bytes.write(bytes, this.#end, "latin1");
  }

  addWord(word: string): void {
    this.#reserve(FRAME_BYTES + UTF8_BYTES_A_UNIT * word.length);
    if (word.length > SHORT || !this.#putShort(word)) this.#putUtf8(word);
    this.#putLineEnd();
  }

  /** Adds a word that is a whole number, not below 0. */
  addNumber(number: number): void {
    this.beginWord(digitsIn(number));
    this.addDigits(number);
    this.endWord();
  }

  /** Begins a word of which only the length is known: as many bytes are to be added, and then its end. */
  beginWord(length: number): void {
    this.#reserve(FRAME_BYTES + length);
    this.#putLength(BULK, length);
  }

  /** Adds to a word, in ASCII. */
  addPiece(piece: string): void {
    this.#putAscii(piece);
  }

  /** Adds to a word a whole number, not below 0. */
  addDigits(number: number): void {
    if (number < SMALL) return this.#putDigits(number, smallDigitsIn(number));
    const high = Math.floor(number / LOW);
    this.#putDigits(high, smallDigitsIn(high));
    this.#putDigits(number - high * LOW, LOW_DIGITS);
  }

  endWord(): void {
    this.#putLineEnd();
  }

  /** The bytes of all commands since the last call. They stay as they are until `reuse`. */
  take(): Buffer {
    const taken = this.#bytes.subarray(this.#start, this.#end);
    this.#start = this.#end;
    return taken;
  }

  /** Says that nobody needs what was taken any more: its place is written over. Without it there are ever new places. */
  reuse(): void {
    if (this.#start !== this.#end) return;
    this.#start = 0;
    this.#end = 0;
    if (this.#bytes.length > MAX_CAPACITY_KEPT) this.#bytes = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  }

  /** Makes room for so many bytes more, in a new place: what was taken may still be on its way to the socket. */
  #reserve(count: number): void {
    if (this.#end + count <= this.#bytes.length) return;
    const pending = this.#end - this.#start;
    const roomy = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, 2 * (pending + count)));
    this.#bytes.copy(roomy, 0, this.#start, this.#end);
    this.#bytes = roomy;
    this.#start = 0;
    this.#end = pending;
  }

  /** The line before what has a length. */
  #putLength(type: number, length: number): void {
    this.#bytes[this.#end++] = type;
    this.#putDigits(length, smallDigitsIn(length));
    this.#putLineEnd();
  }

  /** With zeros before it, where it has fewer digits. */
  #putDigits(number: number, digits: number): void {
    const bytes = this.#bytes;
    const end = this.#end + digits;
    let rest = number;
    for (let index = end - 1; index >= this.#end; index--) {
      const next = Math.floor(rest / 10);
      bytes[index] = ZERO + rest - 10 * next;
      rest = next;
    }
    this.#end = end;
  }

  #putLineEnd(): void {
    const end = this.#end;
    this.#bytes[end] = CR;
    this.#bytes[end + 1] = LF;
    this.#end = end + 2;
  }

  /** False, and nothing put, when it has letters of more than a byte. */
  #putShort(word: string): boolean {
    const before = this.#end;
    this.#putLength(BULK, word.length);
    if (this.#putAscii(word)) return true;
    this.#end = before;
    return false;
  }

  #putAscii(text: string): boolean {
    const bytes = this.#bytes;
    const end = this.#end;
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code > LAST_ASCII) return false;
      bytes[end + index] = code;
    }
    this.#end = end + text.length;
    return true;
  }

  #putUtf8(word: string): void {
    const before = this.#end;
    // Mostly a letter is a byte: that is quicker to try than to ask.
    this.#putLength(BULK, word.length);
    const length = this.#bytes.write(word, this.#end);
    if (length !== word.length) {
      this.#end = before;
      this.#putLength(BULK, length);
      this.#bytes.write(word, this.#end);
    }
    this.#end += length;
  }
}

/** The first words of a command, encoded once for all the commands that begin like that. */
export interface EncodedWords {
  readonly count: number;
  /** A letter a byte: one object where a Buffer is four, of which thousands would be looked at in turn. */
  readonly bytes: string;
}

export function encodeWords(words: readonly string[]): EncodedWords {
  // One for all: an encoder has room for thousands of commands, and these are kept for as long as a run goes on.
  encoderOfWords ??= new CommandEncoder();
  encoderOfWords.add(words);
  const encoded = encoderOfWords.take();
  // Without the line that says how many there are.
  const bytes = encoded.toString("latin1", encoded.indexOf(LF) + 1);
  encoderOfWords.reuse();
  return { count: words.length, bytes };
}

let encoderOfWords: CommandEncoder | undefined;

/** How many digits a whole number has. */
export function digitsIn(number: number): number {
  return number < SMALL ? smallDigitsIn(number) : smallDigitsIn(Math.floor(number / LOW)) + LOW_DIGITS;
}

function smallDigitsIn(number: number): number {
  let count = 1;
  for (let power = 10; power <= number; power *= 10) count += 1;
  return count;
}
