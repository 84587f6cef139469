import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { chunksOf, orderFromText } from "../order.ts";
import { doneFrame, frameOf } from "./raw-http.ts";
import { CREATE_PATH, STREAM_PATH } from "./subject.ts";
import type { StartSubject } from "./subject.ts";

/** What Node's own HTTP server keeps for a viewer: each chunk piped to its sockets, stored nowhere. */
export const startBareHttp: StartSubject = async () => {
  const audiences = new Map<string, Set<ServerResponse>>();

  async function create(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const data of incoming) body += String(data);
    const stream = String(audiences.size + 1);
    const audience = new Set<ServerResponse>();
    audiences.set(stream, audience);
    join(audience, stream, response);
    let seq = 0;
    for await (const chunk of chunksOf(orderFromText(body))) send(audience, frameOf(`1-${++seq}`, chunk));
    send(audience, doneFrame(`1-${++seq}`));
    for (const each of audience) each.end();
  }

  const server = createServer((incoming, response) => {
    const { url = "" } = incoming;
    if (url === CREATE_PATH) void create(incoming, response);
    else join(audiences.get(url.slice(STREAM_PATH.length)) ?? new Set(), "", response);
  });
  await new Promise<void>((resolve) => {
    server.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, resolve);
  });
  return { port: (server.address() as AddressInfo).port };
};

function join(audience: Set<ServerResponse>, stream: string, response: ServerResponse): void {
  audience.add(response);
  response.once("close", () => audience.delete(response));
  response.writeHead(200, { "content-type": "text/event-stream", "x-conversation-id": stream });
  response.flushHeaders();
}

function send(audience: Iterable<ServerResponse>, frame: string): void {
  const bytes = Buffer.from(frame);
  for (const response of audience) response.write(bytes);
}
