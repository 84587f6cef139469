import { Agent, createServer, request } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { chunksOf, orderFromText } from "../order.ts";
import { DURABLE_STREAMS, importPeer } from "./peer-package.ts";
import type { StartSubject, Subject } from "./subject.ts";

interface Exports {
  readonly DurableStreamTestServer: new (options: {
    readonly port: number;
    readonly host: string;
    readonly compression: boolean;
    readonly dataDir?: string;
  }) => { start(): Promise<string> };
}

/** `@durable-streams/server` in memory. */
export const startDurableStreamsMemory: StartSubject = ({ peers }) => serve(peers, {});

/** `@durable-streams/server` on its files. */
export const startDurableStreamsFile: StartSubject = ({ peers, directory }) =>
  serve(peers, { dataDir: join(directory, "durable-streams") });

/**
 * Its protocol is HTTP in both directions: whoever produces appends by POST, in this process on connections that stay
 * open, one append after the other for each stream; the client is told where to read, and reads there by itself.
 */
async function serve(peers: string, options: { readonly dataDir?: string }): Promise<Subject> {
  const { DurableStreamTestServer } = await importPeer<Exports>(peers, DURABLE_STREAMS);
  const url = await new DurableStreamTestServer({
    port: 0,
    host: "127.0.0.1",
    compression: false,
    ...options,
  }).start();
  const agent = new Agent({ keepAlive: true });
  let streams = 0;

  function send(method: string, path: string, body?: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const outgoing = request(`${url}${path}`, { method, agent, headers: { "content-type": "text/plain" } });
      outgoing.once("error", reject);
      outgoing.once("response", (response) => response.resume().once("end", resolve));
      outgoing.end(body);
    });
  }

  async function produce(path: string, order: string): Promise<void> {
    for await (const chunk of chunksOf(orderFromText(order))) await send("POST", path, chunk);
  }

  async function answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    let order = "";
    for await (const data of incoming) order += String(data);
    const path = `/peer-${++streams}`;
    await send("PUT", path);
    void produce(path, order);
    response.writeHead(200, { "x-read-at": `${url}${path}?offset=-1&live=sse` }).end();
  }

  const server = createServer((incoming, response) => void answer(incoming, response));
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return { port: (server.address() as AddressInfo).port };
}
