import { connect } from "node:net";
import type { Socket } from "node:net";

/** How a response came to an end, as the bytes on the socket tell it. */
export type Ending =
  /** Whole, by its own framing. */
  | "graceful"
  /** By a TCP reset. */
  | "reset"
  /** By a FIN before its framing said that it was over. */
  | "cut-short"
  /** By `cut()`. */
  | "cut-by-client";

export interface RawRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text goes with a content-length, pieces go chunked without one. */
  readonly body?: string | readonly string[];
  /** Sends everything before it reads anything, as blocking clients do. */
  readonly readsLate?: boolean;
  /** Leaves its socket full once the head of the response is there. */
  readonly neverReads?: boolean;
  /** Sees the body's bytes as they come; it may cut. */
  readonly onBytes?: (bytes: Buffer, response: RawResponse) => void;
}

export interface RawResponse {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body so far, without its chunked framing and with every byte that came, a byte-order mark too. */
  readonly text: string;
  readonly ending: Promise<Ending>;
  /** Resets the connection from this side. */
  cut(): void;
}

/** Sends a request over a socket of its own. Resolves as soon as the head of the response is there. */
export function rawRequest(port: number, request: RawRequest): Promise<RawResponse> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    const ending = Promise.withResolvers<Ending>();
    const pieces: Buffer[] = [];
    let parsed: { readonly status: number; readonly headers: Record<string, string> } | undefined;
    let cut = false;
    const response: RawResponse = {
      get status() {
        return parsed?.status ?? 0;
      },
      get headers() {
        return parsed?.headers ?? {};
      },
      get text() {
        return Buffer.concat(pieces).toString("utf8");
      },
      ending: ending.promise,
      cut() {
        cut = true;
        socket.resetAndDestroy();
        ending.resolve("cut-by-client");
      },
    };
    const feed = createResponseParser(request.method ?? "GET", {
      onHead(head) {
        parsed = head;
        if (request.neverReads) socket.pause();
        resolve(response);
      },
      onBody(bytes) {
        if (cut) return;
        pieces.push(bytes);
        request.onBytes?.(bytes, response);
      },
      onEnd() {
        ending.resolve("graceful");
        socket.end();
      },
    });
    socket.on("data", feed);
    socket.on("error", (error) => {
      ending.resolve("reset");
      reject(error);
    });
    socket.on("close", () => {
      ending.resolve("cut-short");
      reject(new Error("The connection closed before a response came."));
    });
    socket.on("connect", () => {
      if (request.readsLate) socket.pause();
      send(socket, port, request, (error) => {
        // Cut while it was still sending: a client that reads late has not seen the answer.
        if (error && request.readsLate) ending.resolve("reset");
        socket.resume();
      });
    });
  });
}

/** Sends a request and reads the whole answer. */
export async function rawAnswer(
  port: number,
  request: RawRequest,
): Promise<RawResponse & { readonly ended: Ending }> {
  const response = await rawRequest(port, request);
  const ended = await response.ending;
  const { status, headers, text, ending, cut } = response;
  return { status, headers, text, ending, cut, ended };
}

function send(
  socket: Socket,
  port: number,
  request: RawRequest,
  onSent: (error?: Error | null) => void,
): void {
  const { method = "GET", path, headers, body = "" } = request;
  const pieces = typeof body === "string" ? undefined : body;
  const all: Record<string, string> = {
    host: `127.0.0.1:${port}`,
    connection: "close",
    ...(pieces && { "transfer-encoding": "chunked" }),
    ...(body !== "" && !pieces && { "content-length": String(Buffer.byteLength(String(body))) }),
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n`);
  for (const piece of pieces ?? []) {
    socket.write(`${Buffer.byteLength(piece).toString(16)}\r\n${piece}\r\n`);
  }
  socket.write(pieces ? "0\r\n\r\n" : String(body), onSent);
}

interface ResponseEvents {
  onHead(head: { readonly status: number; readonly headers: Record<string, string> }): void;
  onBody(bytes: Buffer): void;
  onEnd(): void;
}

/** Reads one HTTP/1.1 response: its head, then a body that is chunked, of a known length, or absent. */
function createResponseParser(method: string, events: ResponseEvents): (bytes: Buffer) => void {
  let held = Buffer.alloc(0);
  let state: "head" | "size" | "chunk" | "length" | "over" = "head";
  let left = 0;

  function take(size: number): Buffer {
    const taken = held.subarray(0, size);
    held = held.subarray(size);
    return taken;
  }

  function line(): string | undefined {
    const end = held.indexOf("\r\n");
    return end === -1 ? undefined : take(end + 2).toString("latin1", 0, end);
  }

  function end(): boolean {
    state = "over";
    events.onEnd();
    return false;
  }

  function head(): boolean {
    const size = held.indexOf("\r\n\r\n");
    if (size === -1) return false;
    const [first = "", ...fields] = take(size + 4)
      .toString("latin1", 0, size)
      .split("\r\n");
    const status = Number(first.split(" ")[1]);
    if (status === 100) return true;
    const headers = Object.fromEntries(fields.map(fieldOf));
    events.onHead({ status, headers });
    if (method === "HEAD" || status === 204) return end();
    left = Number(headers["content-length"] ?? 0);
    state = headers["transfer-encoding"] === "chunked" ? "size" : "length";
    return state === "size" || left > 0 || end();
  }

  function chunk(): boolean {
    if (held.length < left + 2) return false;
    const bytes = take(left + 2).subarray(0, -2);
    state = "size";
    if (bytes.length === 0) return end();
    events.onBody(bytes);
    return true;
  }

  /** Takes what it can make sense of; false when it needs more. */
  function advance(): boolean {
    switch (state) {
      case "head":
        return head();
      case "size": {
        const size = line();
        if (size === undefined) return false;
        left = Number.parseInt(size, 16);
        state = "chunk";
        return true;
      }
      case "chunk":
        return chunk();
      case "length": {
        const bytes = take(Math.min(left, held.length));
        left -= bytes.length;
        if (bytes.length > 0) events.onBody(bytes);
        return left === 0 && end();
      }
      case "over":
        return false;
    }
  }

  return (bytes) => {
    held = Buffer.concat([held, bytes]);
    while (advance());
  };
}

function fieldOf(text: string): readonly [string, string] {
  const colon = text.indexOf(":");
  return [text.slice(0, colon).toLowerCase(), text.slice(colon + 1).trim()];
}
