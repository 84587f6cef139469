import { createServer } from "node:http";
import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { ReadableStream as NodeWebStream } from "node:stream/web";
import type { Handler } from "../handler.ts";
import { MAX_STALL_MS, streamSourceOf } from "../stream-response.ts";
import { pushToSocket } from "./node-stream.ts";

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
    respond(handler, incoming, outgoing, forgetHead);
    outgoing.on("close", afterAnswer);
  });
  /** A connection kept alive after its last answer would hold up the close until the client lets go of it. */
  function afterAnswer(): void {
    if (closing) setImmediate(() => server.closeIdleConnections());
  }
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

/**
 * A handler as a listener of Node's own servers, for Express and everything else that hands on its requests and responses.
 * Before anything that reads bodies. Under a path of its own the handler is told the whole address: see `mountAt`.
 * @example
 * app.use("/assistant", createNodeListener(mountAt("/assistant", holdfast.fetch)));
 */
export function createNodeListener(handler: Handler): RequestListener {
  return (incoming, outgoing) => {
    if (incoming.readableEnded) {
      throw new TypeError("The request's body was read already: mount Holdfast before body parsers.");
    }
    respond(handler, incoming, outgoing);
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

/**
 * Nothing here is kept for as long as a stream lasts but what the stream needs: of the request and the response there is
 * one for each viewer.
 */
function respond(
  handler: Handler,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  beforeStream?: (incoming: IncomingMessage) => void,
): void {
  // The handler answers every failure of its own; what fails here is the connection.
  answer(handler, incoming, outgoing, beforeStream).catch(() => settleAnswer(outgoing, "cut"));
}

async function answer(
  handler: Handler,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  beforeStream?: (incoming: IncomingMessage) => void,
): Promise<void> {
  const response = await responseFor(handler, incoming, outgoing);
  writeHead(response, outgoing);
  const source = streamSourceOf(response);
  if (source) {
    beforeStream?.(incoming);
    pushToSocket(source, outgoing, settleAnswer);
  } else {
    await writeBody(response, outgoing);
    settleAnswer(outgoing, "ended");
  }
}

async function responseFor(
  handler: Handler,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<Response> {
  const gone = new AbortController();
  const abort = (): void => gone.abort();
  outgoing.on("close", abort);
  const response = await handler(requestFromNode(incoming, gone.signal));
  // A stream notices by itself that its client has gone.
  if (streamSourceOf(response)) outgoing.off("close", abort);
  return response;
}

/** Of a server of our own: what the request said has been answered, and is not kept for as long as its stream lasts. */
function forgetHead(incoming: IncomingMessage): void {
  incoming.headers = {};
  incoming.rawHeaders = [];
}

/** Ends an answer whose body is out; what was cut short on purpose must be seen as a cut, not an end (wire rule 3). */
function settleAnswer(outgoing: ServerResponse, outcome: "ended" | "cut"): void {
  if (outcome === "cut") reset(outgoing);
  else endAnswer(outgoing).catch(() => reset(outgoing));
}

async function endAnswer(outgoing: ServerResponse): Promise<void> {
  const { req: incoming } = outgoing;
  await discardRest(incoming);
  // Of a client that has gone, no close will tell that it has.
  if (outgoing.destroyed) return;
  const stalled = setTimeout(() => reset(outgoing), MAX_STALL_MS);
  outgoing.once("close", () => clearTimeout(stalled));
  outgoing.end(() => {
    if (!incoming.complete) incoming.destroy();
  });
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

function urlOf(incoming: IncomingMessage & { readonly originalUrl?: string }): URL {
  const { headers, url = "/" } = incoming;
  // Routers that mount at a path, as Express does, take it off `url`.
  const { originalUrl: target = url } = incoming;
  const scheme = isEncrypted(incoming.socket) ? "https" : "http";
  const base = `${scheme}://${headers.host ?? "localhost"}`;
  const origin = URL.canParse(base) ? new URL(base).origin : `${scheme}://localhost`;
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
  const headers: string[] = [];
  response.headers.forEach((value, name) => headers.push(name, value));
  // As a list they are written down and forgotten; what is set one by one is kept for as long as the stream lasts.
  outgoing.writeHead(response.status, headers);
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

/** Only TCP itself has resets; elsewhere the missing end of the body tells the client. */
function reset(outgoing: ServerResponse): void {
  const { socket } = outgoing;
  if (socket && !socket.destroyed && isPlainTcp(socket)) socket.resetAndDestroy();
  else outgoing.destroy();
}

function isPlainTcp(socket: Socket): boolean {
  return socket.remotePort !== undefined && !isEncrypted(socket);
}

/** What only sockets of TLS say of themselves. */
function isEncrypted(socket: Socket): boolean {
  return "encrypted" in socket;
}
