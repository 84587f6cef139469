import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { MAX_BYTES_WAITING, MAX_STALL_MS } from "../stream-response.ts";
import type { StreamOutput, StreamSource } from "../stream-source.ts";

/** What becomes of an answer after its body: it was pushed to its end, or the connection must be cut. */
export type SettleAnswer = (outgoing: ServerResponse, outcome: "ended" | "cut") => void;

/**
 * Lets a source write to the client's socket, past the web stream and Node's own framing: the frames of a batch are put
 * into a chunk of HTTP/1.1 once, for all the sockets that get them. Settles the answer once: cut when the source failed
 * or the client is gone or too slow. The head must have been sent.
 */
export function pushToSocket(source: StreamSource, outgoing: ServerResponse, settle: SettleAnswer): void {
  const output = new SocketOutput(source, outgoing, settle);
  if (outgoing.destroyed) output.leave();
  else source.start(output);
}

/** Every viewer has one for as long as it watches. */
class SocketOutput implements StreamOutput {
  readonly #source: StreamSource;
  readonly #outgoing: ServerResponse;
  readonly #settle: SettleAnswer;
  /** Undefined: Node's own way. */
  readonly #socket: Socket | undefined;
  readonly #onClose = (): void => this.leave();
  readonly #onDrain = (): void => {
    this.#takeNoNotice();
    this.#source.resume();
  };
  #stalled: NodeJS.Timeout | undefined;
  #waitingBefore = 0;

  constructor(source: StreamSource, outgoing: ServerResponse, settle: SettleAnswer) {
    this.#source = source;
    this.#outgoing = outgoing;
    this.#settle = settle;
    // The answer to a pipelined request has no socket yet, and HTTP/1.0 knows no chunks: Node's own way serves both.
    this.#socket = (outgoing.chunkedEncoding && outgoing.socket) || undefined;
    outgoing.on("close", this.#onClose);
  }

  write(text: string): boolean {
    if (this.#socket) this.#socket.write(chunkOf(text));
    else this.#outgoing.write(text);
    if (this.#waiting() < MAX_BYTES_WAITING) return true;
    const target = this.#socket ?? this.#outgoing;
    // Below a high-water mark that whoever made the server has raised, no drain would follow.
    if (!target.writableNeedDrain) return true;
    if (!this.#stalled) {
      target.once("drain", this.#onDrain);
      this.#watch();
    }
    return false;
  }

  end(): void {
    this.#over("ended");
  }

  fail(): void {
    this.#over("cut");
  }

  /** The client has gone, or takes too long. */
  leave(): void {
    this.#source.stop();
    this.#over("cut");
  }

  #over(outcome: "ended" | "cut"): void {
    this.#takeNoNotice();
    this.#outgoing.off("close", this.#onClose);
    this.#settle(this.#outgoing, outcome);
  }

  #waiting(): number {
    return (this.#socket ?? this.#outgoing).writableLength;
  }

  #watch(): void {
    this.#waitingBefore = this.#waiting();
    this.#stalled = setTimeout(() => this.#look(), MAX_STALL_MS);
  }

  /** A client that takes something, however little, is slow and not stalled. */
  #look(): void {
    const turnToCome = this.#outgoing.socket === null;
    if (turnToCome || this.#waiting() < this.#waitingBefore) this.#watch();
    else this.leave();
  }

  #takeNoNotice(): void {
    if (!this.#stalled) return;
    clearTimeout(this.#stalled);
    this.#stalled = undefined;
    (this.#socket ?? this.#outgoing).off("drain", this.#onDrain);
  }
}

let lastText = "";
let lastChunk: Buffer = Buffer.alloc(0);

/**
 * RFC 9112 §7.1: the size in hex, CRLF, the bytes, CRLF. Viewers of one conversation are written to one after the other,
 * with the same text: it is enough to remember the last.
 */
function chunkOf(text: string): Buffer {
  if (text !== lastText) {
    lastChunk = encodeChunk(text);
    lastText = text;
  }
  return lastChunk;
}

/** Written in place, and but for the text byte by byte: each call into native code costs more than a handful of bytes. */
function encodeChunk(text: string): Buffer {
  const size = Buffer.byteLength(text);
  const digits = hexDigitsIn(size);
  const start = digits + 2;
  const chunk = Buffer.allocUnsafe(start + size + 2);
  for (let place = digits - 1, rest = size; place >= 0; place--, rest >>>= 4) {
    chunk[place] = HEX.charCodeAt(rest & 15);
  }
  putLineEnd(chunk, digits);
  chunk.write(text, start);
  putLineEnd(chunk, start + size);
  return chunk;
}

const HEX = "0123456789abcdef";
const CR = 13;
const LF = 10;

function hexDigitsIn(number: number): number {
  let count = 1;
  for (let rest = number >>> 4; rest > 0; rest >>>= 4) count += 1;
  return count;
}

function putLineEnd(bytes: Buffer, place: number): void {
  bytes[place] = CR;
  bytes[place + 1] = LF;
}
