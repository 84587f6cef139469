import { createParser } from "eventsource-parser";
import { compareCursors, parseCursor } from "../../src/core/index.ts";
import { RESTARTED } from "../../src/projections/index.ts";
import { rawRequest } from "./raw-client.ts";
import type { RawResponse } from "./raw-client.ts";

export type ReaderFormat = "text/event-stream" | "application/x-ndjson" | "text/plain";

export interface FollowingReaderOptions {
  readonly name?: string;
  /** Where an API may be found; they are tried in turn. */
  readonly ports: () => readonly number[];
  readonly conversation: string;
  readonly format: ReaderFormat;
  /** Show every type of entry. Default: text, and how it ends. */
  readonly everything?: boolean;
  /** Whether no run will be accepted any more: the next end of the stream is then the last. Default: yes. */
  readonly complete?: () => boolean;
  readonly onEvent?: (event: SeenEvent) => void;
}

/** One event as the reader got it. */
export interface SeenEvent {
  readonly cursor: string;
  readonly event: string;
  readonly data: string;
  /** When it came, in milliseconds since 1970. */
  readonly at: number;
}

/** A client that follows a conversation as a good one does: it resumes by the last cursor it saw, on whatever node answers. */
export interface FollowingReader {
  readonly name: string;
  readonly format: ReaderFormat;
  readonly everything: boolean;
  /** Every event, withdrawn ones too; none for plain text, which has no cursors. */
  readonly events: readonly SeenEvent[];
  /** What it has on its screen. */
  readonly text: string;
  /** What happened to it: connections, cuts, refusals. */
  readonly journal: readonly string[];
  /** What no client should ever see: an event twice, events out of order, a refusal of a cursor that was given to it. */
  readonly breaches: readonly string[];
  readonly connections: number;
  readonly resets: number;
  /** Resolves when it has come to the end, or was closed. */
  readonly ended: Promise<void>;
  /** Loses its connection, and comes back. */
  cut(): void;
  /** Goes away for good. */
  close(): void;
}

/** How long an API may take to answer before another one is asked, in milliseconds. */
const HEAD_LIMIT_MS = 5_000;
/** How long to wait after a refusal or a failed connection, in milliseconds. */
const RETRY_MS = 50;

export function followConversation(options: FollowingReaderOptions): FollowingReader {
  const { format, conversation, everything = false, complete = () => true } = options;
  const name = options.name ?? `${format}${everything ? ", all events" : ""}`;
  const path = `/api/agent/stream/${encodeURIComponent(conversation)}${everything ? "?events=all" : ""}`;
  const events: SeenEvent[] = [];
  const journal: string[] = [];
  const breaches: string[] = [];
  const closing = new AbortController();
  let plainText = "";
  let last: string | undefined;
  let connections = 0;
  let resets = 0;
  let current: RawResponse | undefined;

  function note(line: string): void {
    journal.push(`${new Date().toISOString().slice(14)} ${line}`);
  }

  function take(event: string, cursor: string, data: string): void {
    if (last !== undefined && compareCursors(parseCursor(cursor), parseCursor(last)) <= 0) {
      breaches.push(`L6: got ${cursor} (${event}) after ${last}`);
    }
    last = cursor;
    const seen: SeenEvent = { cursor, event, data, at: Date.now() };
    events.push(seen);
    if (event === "step-reset") resets += 1;
    options.onEvent?.(seen);
  }

  /** Reads until the connection ends; whether the server said that this is the end. */
  async function readOnce(port: number): Promise<boolean> {
    const feed = feedFor(format, take);
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    const opening = rawRequest(port, {
      path,
      headers: { accept: format, ...(last !== undefined && { "last-event-id": last }) },
      onBytes(bytes, { status }) {
        if (status === 200) feed.push(decoder.decode(bytes, { stream: true }));
      },
    });
    const response = await within(opening, HEAD_LIMIT_MS);
    connections += 1;
    current = response;
    if (closing.signal.aborted) response.cut();
    const ending = await response.ending;
    note(`${port} after ${last ?? "the start"}: ${response.status}, ${ending}`);
    if (response.status === 204) return true;
    if (response.status !== 200) return refused(response);
    if (ending !== "graceful") {
      if (format === "text/plain") resets += feed.text().split(RESTARTED).length - 1;
      return false;
    }
    if (format !== "text/plain" && !feed.ended()) breaches.push("wire rule 3: closed clean without its end");
    plainText = feed.text();
    return true;
  }

  /** A server in trouble is asked again; a server that refuses a cursor of its own making is wrong. */
  function refused({ status, text }: RawResponse): false {
    if (status < 500) breaches.push(`L6: refused after ${last ?? "the start"} with ${status}: ${text}`);
    return false;
  }

  async function follow(): Promise<void> {
    for (let turn = Math.floor(Math.random() * 8); !closing.signal.aborted && breaches.length < 5; turn++) {
      const ports = options.ports();
      const final = complete();
      try {
        if ((await readOnce(ports[turn % ports.length] ?? 0)) && final) return;
      } catch (error) {
        note(`no connection: ${String(error)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  return {
    name,
    format,
    everything,
    events,
    get text() {
      return format === "text/plain" ? plainText : renderedText(events, everything);
    },
    journal,
    breaches,
    get connections() {
      return connections;
    },
    get resets() {
      return resets;
    },
    ended: follow(),
    cut() {
      note("cut");
      current?.cut();
    },
    close() {
      closing.abort();
      current?.cut();
    },
  };
}

/** What these events leave on a screen: all text, without what a reset withdrew. */
function renderedText(events: readonly SeenEvent[], everything: boolean): string {
  let shown: { readonly cursor: string; readonly text: string }[] = [];
  for (const { event, cursor, data } of events) {
    const isText = event === (everything ? "text-delta" : "message");
    if (isText)
      shown.push({ cursor, text: everything ? (JSON.parse(data) as { delta: string }).delta : data });
    if (event !== "step-reset") continue;
    const from = parseCursor((JSON.parse(data) as { readonly from: string }).from);
    shown = shown.filter((piece) => compareCursors(parseCursor(piece.cursor), from) < 0);
  }
  return shown.map((piece) => piece.text).join("");
}

interface Feed {
  push(text: string): void;
  /** Whether the format's own end was seen. */
  ended(): boolean;
  text(): string;
}

type Take = (event: string, cursor: string, data: string) => void;

function feedFor(format: ReaderFormat, take: Take): Feed {
  switch (format) {
    case "text/event-stream":
      return sseFeed(take);
    case "application/x-ndjson":
      return lineFeed(take);
    case "text/plain": {
      let text = "";
      return {
        push(piece) {
          text += piece;
        },
        ended: () => true,
        text: () => text,
      };
    }
  }
}

function sseFeed(take: Take): Feed {
  let ended = false;
  const parser = createParser({
    onEvent: ({ id = "", event = "message", data }) => take(event, id, data),
    onComment(comment) {
      ended ||= comment.trim() === "end";
    },
    onError(error) {
      throw error;
    },
  });
  return { push: (text) => parser.feed(text), ended: () => ended, text: () => "" };
}

interface Line {
  readonly event: string;
  readonly cursor?: string;
  readonly text?: string;
}

function lineFeed(take: Take): Feed {
  let held = "";
  let ended = false;
  return {
    push(text) {
      const lines = (held + text).split("\n");
      held = lines.pop() ?? "";
      for (const line of lines) {
        const { event, cursor, text: said } = JSON.parse(line) as Line;
        ended ||= event === "end";
        if (cursor !== undefined) take(event, cursor, said ?? line);
      }
    },
    ended: () => ended,
    text: () => "",
  };
}

/** The response, unless it takes too long; one that comes later is let go. */
function within(opening: Promise<RawResponse>, limitMs: number): Promise<RawResponse> {
  return new Promise((resolve, reject) => {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      reject(new Error(`no answer within ${limitMs} ms`));
    }, limitMs);
    opening.then((response) => {
      clearTimeout(timer);
      if (late) response.cut();
      resolve(response);
    }, reject);
  });
}
