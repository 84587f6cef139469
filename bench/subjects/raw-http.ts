import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { orderFromText } from "../order.ts";
import type { Order } from "../order.ts";
import { CREATE_PATH, STREAM_PATH } from "./subject.ts";

/** What a bare subject does with a request; the answer's head is written already. */
export interface RawHandler {
  /** Streams an order under a number, from 1, to this socket and to whoever comes to `join`. */
  create(stream: number, order: Order, audience: Audience): Promise<void>;
  /** Sends what is stored of a stream after an id, from the beginning when there is none. */
  replay?(stream: number, after: string, socket: Socket): Promise<void>;
}

/** The viewers of one stream. */
export type Audience = Set<Socket>;

/** The barest server of event streams there is: no routing, no checks, one write a frame, ended by closing. */
export function serveRaw(handler: RawHandler): Promise<number> {
  const audiences = new Map<number, Audience>();
  let streams = 0;

  async function create(order: Order, socket: Socket): Promise<void> {
    const stream = ++streams;
    const audience: Audience = new Set();
    audiences.set(stream, audience);
    join(audience, stream, socket);
    await handler.create(stream, order, audience);
    audiences.delete(stream);
    for (const each of audience) each.end();
  }

  function join(audience: Audience, stream: number, socket: Socket): void {
    audience.add(socket);
    socket.once("close", () => audience.delete(socket));
    socket.write(headOf(stream));
  }

  function read(stream: number, after: string, socket: Socket): void {
    const audience = audiences.get(stream);
    if (audience) {
      join(audience, stream, socket);
      return;
    }
    socket.write(headOf(stream));
    void handler.replay?.(stream, after, socket);
  }

  const server = createServer((socket) => {
    let received = "";
    socket.setNoDelay(true);
    socket.on("error", () => socket.destroy());
    socket.on("data", (data) => {
      received += data.toString("latin1");
      const end = received.indexOf("\r\n\r\n");
      if (end === -1) return;
      const body = received.slice(end + 4);
      if (body.length < Number(headerOf(received, "content-length") ?? 0)) return;
      const path = received.slice(received.indexOf(" ") + 1, received.indexOf(" HTTP/"));
      const after = headerOf(received, "last-event-id") ?? "";
      received = "";
      if (path.startsWith(CREATE_PATH)) void create(orderFromText(body), socket);
      else read(Number(path.slice(STREAM_PATH.length)), after, socket);
    });
  });
  return new Promise((resolve) => {
    server.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, () => {
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function headerOf(text: string, name: string): string | undefined {
  return new RegExp(`\r\n${name}: ([^\r]*)`, "i").exec(text)?.[1];
}

function headOf(stream: number): string {
  return `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nx-conversation-id: ${stream}\r\nconnection: close\r\n\r\n`;
}

export function frameOf(id: string, data: string): string {
  return `id: ${id}\nevent: message\ndata: ${data}\n\n`;
}

/** The last frame of every stream. */
export function doneFrame(id: string): string {
  return `id: ${id}\nevent: done\ndata: [DONE]\n\n`;
}
