import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";

/** A request, and the socket to write the answer's body to: its head is written already. */
export interface RawExchange {
  readonly path: string;
  readonly body: string;
  readonly socket: Socket;
}

/** The barest server of event streams there is: no routing, no checks, one write a frame, ended by closing. */
export function serveRaw(answer: (exchange: RawExchange) => void): Promise<number> {
  const server = createServer((socket) => {
    let received = "";
    socket.setNoDelay(true);
    socket.on("error", () => socket.destroy());
    socket.on("data", (data) => {
      received += data.toString("latin1");
      const end = received.indexOf("\r\n\r\n");
      if (end === -1) return;
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(received)?.[1] ?? 0);
      const body = received.slice(end + 4);
      if (body.length < length) return;
      const path = received.slice(received.indexOf(" ") + 1, received.indexOf(" HTTP/"));
      received = "";
      socket.write(HEAD);
      answer({ path, body, socket });
    });
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

const HEAD =
  "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nx-conversation-id: bare\r\nconnection: close\r\n\r\n";
