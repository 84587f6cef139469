import { connect } from "node:net";
import type { Socket } from "node:net";

/** A request on a socket of its own; what comes back is handed on as it is, chunk sizes and all. */
export interface RawRequest {
  readonly port: number;
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: string;
  /** Where to resume. */
  readonly lastEventId?: string;
  /** One of many addresses of the loopback network: each has ports of its own. */
  readonly from?: number;
}

export interface RawStream {
  readonly socket: Socket;
  /** Resolves with the answer's head. */
  readonly opened: Promise<string>;
  /** Resolves when the server has closed the connection; rejects when it was cut. */
  readonly ended: Promise<void>;
}

/** How many addresses are used: more than 28,000 connections at a time do not fit on one. */
const ADDRESSES = 200;

/** Sends a request and calls back with each piece of the answer's body. The bytes are only good until it returns. */
export function openRaw(request: RawRequest, onBytes: (bytes: Buffer) => void): RawStream {
  const { promise: opened, resolve: open, reject: refuse } = Promise.withResolvers<string>();
  const { promise: ended, resolve: end, reject: cut } = Promise.withResolvers<void>();
  let head: string | undefined;
  let received = "";

  function take(bytes: Buffer): void {
    if (head !== undefined) {
      onBytes(bytes);
      return;
    }
    received += bytes.toString("latin1");
    const at = received.indexOf("\r\n\r\n");
    if (at === -1) return;
    head = received.slice(0, at);
    if (head.startsWith("HTTP/1.1 2")) open(head);
    else refuse(new Error(`A request was answered ${head.slice(0, 40)}`));
    if (received.length > at + 4) onBytes(Buffer.from(received.slice(at + 4), "latin1"));
  }

  const socket = connect({
    host: "127.0.0.1",
    port: request.port,
    localAddress: `127.0.1.${1 + ((request.from ?? 0) % ADDRESSES)}`,
    onread: {
      buffer: SHARED,
      callback(length, buffer) {
        take(Buffer.from(buffer.buffer, buffer.byteOffset, length));
        return true;
      },
    },
  });
  socket.setNoDelay(true);
  socket.once("error", (error) => {
    refuse(error);
    cut(error);
  });
  socket.once("end", end);
  socket.once("close", () => end());
  // Whoever does not wait for one of them still hears of the failure from the other, or does not care any more.
  opened.catch(() => {});
  ended.catch(() => {});
  socket.write(textOf(request));
  return { socket, opened, ended };
}

/** One buffer for all: what is read is looked at before anything else can be read. */
const SHARED = Buffer.allocUnsafe(1024 * 1024);

function textOf({ method, path, body = "", lastEventId }: RawRequest): string {
  const lines = [
    `${method} ${path} HTTP/1.1`,
    "host: 127.0.0.1",
    "accept: text/event-stream",
    "connection: close",
    ...(lastEventId === undefined ? [] : [`last-event-id: ${lastEventId}`]),
    ...(method === "POST" ? ["content-type: text/plain", `content-length: ${Buffer.byteLength(body)}`] : []),
  ];
  return `${lines.join("\r\n")}\r\n\r\n${body}`;
}

export function headerOf(head: string, name: string): string | undefined {
  return new RegExp(`^${name}: (.*)$`, "im").exec(head)?.[1];
}
