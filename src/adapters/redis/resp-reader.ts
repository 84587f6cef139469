import { digitsAt } from "./resp-scanner.ts";

const CR = 13;
const LINE_END = 2;
const ARRAY = 42;
const BULK = 36;
const INTEGER = 58;

/** The string that a whole reply is; undefined when Redis has none. */
export function stringFromReply(reply: Buffer): string | undefined {
  if (digitsAt(reply, 1) < 0) return undefined;
  const reader = new RespReader(reply);
  reader.string();
  return reader.text();
}

/** The whole number that a reply is. */
export function numberFromReply(reply: Buffer): number {
  return digitsAt(reply, 1);
}

/** A value of RESP2 as scripts answer with it: texts, whole numbers, null and lists of these. */
export type RespValue = string | number | null | readonly RespValue[];

/** The value that a whole reply is. */
export function valueFromReply(reply: Buffer): RespValue {
  return nextValue(new RespReader(reply));
}

function nextValue(reader: RespReader): RespValue {
  const type = reader.bytes[reader.position];
  if (type === BULK || type === ARRAY) {
    if (digitsAt(reader.bytes, reader.position + 1) < 0) {
      reader.number();
      return null;
    }
    if (type === BULK) {
      reader.string();
      return reader.text();
    }
    return Array.from({ length: reader.number() }, () => nextValue(reader));
  }
  return type === INTEGER ? reader.number() : reader.line();
}

/** Walks through one whole reply of RESP2, string by string, without making any. */
export class RespReader {
  readonly bytes: Buffer;
  /** Where the next value begins. May be set back to where it was. */
  position = 0;
  /** Where the string that was read last begins and ends. */
  start = 0;
  end = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** Enters an array, and gives how many values it has; of an integer, the integer. */
  number(): number {
    const number = digitsAt(this.bytes, this.position + 1);
    this.position = this.#lineEnd() + LINE_END;
    return number;
  }

  /** Goes behind a string. */
  string(): void {
    const length = this.number();
    this.start = this.position;
    this.end = this.position + length;
    this.position = this.end + LINE_END;
  }

  /** Goes behind a line, and gives what it says. */
  line(): string {
    const start = this.position + 1;
    const end = this.#lineEnd();
    this.position = end + LINE_END;
    return this.bytes.toString("utf8", start, end);
  }

  /** The string that was read last. */
  text(): string {
    return this.bytes.toString("utf8", this.start, this.end);
  }

  /** Whether the string that was read last is the one that another buffer has between two places. */
  equals(other: Buffer, start: number, end: number): boolean {
    const length = end - start;
    if (this.end - this.start !== length) return false;
    for (let index = 0; index < length; index++) {
      if (this.bytes[this.start + index] !== other[start + index]) return false;
    }
    return true;
  }

  #lineEnd(): number {
    let index = this.position + 1;
    while (index < this.bytes.length && this.bytes[index] !== CR) index++;
    return index;
  }
}
