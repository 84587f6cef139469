import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { ReadableStream as NodeWebStream } from "node:stream/web";
import type { Handler } from "../handler.ts";
import { streamSourceOf } from "../stream-response.ts";
import { MAX_STALL_MS, pushToSocket } from "./node-stream.ts";

/** For how long the rest of a body that nobody wants is taken, in milliseconds, before the client is cut. */
export const MAX_DISCARD_MS = 5_000;

/** How long answers under way may take when a host is closed, in milliseconds, by default. */
export const CLOSE_LIMIT_MS = 5_000;

export interface NodeHostOptions {
  readonly hostname: string;
  /** 0 takes any free port. */
  readonly port: number;
}

export interface NodeHost {
  readonly hostname: string;
  readonly port: number;
  /** Takes no new connection, and resolves when those that are open have ended; cuts what is left of them after a limit. */
  close(limitMs?: number): Promise<void>;
}

/** Serves a handler over HTTP/1.1. Rejects when the port is taken or the host unknown. */
export async function serveNode(handler: Handler, options: NodeHostOptions): Promise<NodeHost> {
  let closing = false;
  const server = createServer((incoming, outgoing) => {
    void respond(handler, incoming, outgoing);
    // A connection kept alive after its last answer would hold up the close until the client lets go of it.
    outgoing.once("close", () => {
      if (closing) setImmediate(() => server.closeIdleConnections());
    });
  });
  // Streams live as long as their run; a request that is slow to arrive still times out by Node's own limits.
  server.requestTimeout = 60_000;
  server.keepAliveTimeout = 5_000;
  await listen(server, options);
  const { address, port } = server.address() as AddressInfo;
  return {
    hostname: address,
    port,
    close: (limitMs = CLOSE_LIMIT_MS) =>
      new Promise((resolve, reject) => {
        closing = true;
        // Also connections on which nobody has asked anything yet: Node counts them as busy.
        const late = setTimeout(() => server.closeAllConnections(), limitMs);
        server.close((error) => {
          clearTimeout(late);
          if (error) reject(error);
          else resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

function listen(server: Server, { hostname, port }: NodeHostOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, hostname, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

async function respond(handler: Handler, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const gone = new AbortController();
  outgoing.once("close", () => gone.abort());
  try {
    const response = await handler(requestFromNode(incoming, gone.signal));
    writeHead(response, outgoing);
    const source = streamSourceOf(response);
    await (source ? pushToSocket(source, outgoing) : writeBody(response, outgoing));
    await discardRest(incoming);
    const stalled = setTimeout(() => reset(outgoing), MAX_STALL_MS);
    outgoing.once("close", () => clearTimeout(stalled));
    outgoing.end(() => {
      if (!incoming.complete) incoming.destroy();
    });
  } catch {
    // The handler answers every failure of its own; what fails here is the connection, or a stream that was cut short
    // on purpose. Either way the client must see a cut, not an end (wire rule 3).
    reset(outgoing);
  }
}

function requestFromNode(incoming: IncomingMessage, signal: AbortSignal): Request {
  const headers = new Headers();
  for (let index = 0; index < incoming.rawHeaders.length; index += 2) {
    headers.append(incoming.rawHeaders[index] ?? "", incoming.rawHeaders[index + 1] ?? "");
  }
  const url = urlOf(incoming);
  const method = methodOf(incoming);
  if (method === "GET" || method === "HEAD") return new Request(url, { method, headers, signal });
  const init: RequestInit & { duplex: "half" } = {
    method,
    headers,
    signal,
    body: bodyOf(incoming),
    duplex: "half",
  };
  return new Request(url, init);
}

function urlOf({ headers, url: target = "/" }: IncomingMessage): URL {
  const base = `http://${headers.host ?? "localhost"}`;
  const origin = URL.canParse(base) ? new URL(base).origin : "http://localhost";
  // Put together as text: resolved against a base, the path "//a/b" would name the host a.
  if (target.startsWith("/")) return new URL(origin + target);
  return URL.canParse(target) ? new URL(target) : new URL(`${origin}/${target}`);
}

/** The fetch standard knows no request by these methods; under another name they are refused like any unknown one. */
const UNSPEAKABLE = new Set(["CONNECT", "TRACE", "TRACK"]);

function methodOf({ method = "GET" }: IncomingMessage): string {
  return UNSPEAKABLE.has(method) ? `X-${method}` : method;
}

/** The request's body. Whoever stops reading it early still gets to answer: the rest is thrown away, not the socket. */
function bodyOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      incoming.on("data", (chunk: Uint8Array) => {
        controller.enqueue(chunk);
        if ((controller.desiredSize ?? 0) <= 0) incoming.pause();
      });
      incoming.once("end", () => controller.close());
      incoming.once("error", (error) => controller.error(error));
    },
    pull() {
      incoming.resume();
    },
    cancel() {
      incoming.removeAllListeners("data").removeAllListeners("end").resume();
    },
  });
}

function writeHead(response: Response, outgoing: ServerResponse): void {
  outgoing.statusCode = response.status;
  response.headers.forEach((value, name) => outgoing.setHeader(name, value));
  // Wire rule 5: the headers go out at once, before the first entry is there.
  outgoing.flushHeaders();
}

async function writeBody(response: Response, outgoing: ServerResponse): Promise<void> {
  if (!response.body) return;
  const body: NodeWebStream<Uint8Array> = response.body as NodeWebStream<Uint8Array>;
  for await (const chunk of body) {
    // What is written to a client that has gone is never drained.
    if (outgoing.destroyed) return;
    if (!outgoing.write(chunk)) await drained(outgoing);
  }
}

/**
 * Takes what is left of a body that was answered before it was read: a client that sends all of it before it reads gets
 * to the answer, and closing over unread bytes would reset the connection and take the answer with it.
 */
async function discardRest(incoming: IncomingMessage): Promise<void> {
  if (incoming.complete || incoming.destroyed) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, MAX_DISCARD_MS);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    incoming.removeAllListeners("data").removeAllListeners("end");
    incoming.once("end", done).once("close", done).resume();
  });
}

/** Waits until the client has taken what was written. Rejects when it goes away or takes too long. */
function drained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => settle(() => reject(new Error("The client takes too long."))),
      MAX_STALL_MS,
    );
    const onDrain = (): void => settle(resolve);
    const onClose = (): void => settle(() => reject(new Error("The client went away.")));
    function settle(act: () => void): void {
      clearTimeout(timer);
      outgoing.off("drain", onDrain);
      outgoing.off("close", onClose);
      act();
    }
    outgoing.on("drain", onDrain);
    outgoing.on("close", onClose);
  });
}

function reset(outgoing: ServerResponse): void {
  if (outgoing.socket && !outgoing.socket.destroyed) outgoing.socket.resetAndDestroy();
  else outgoing.destroy();
}
