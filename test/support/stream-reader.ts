import { createParser } from "eventsource-parser";
import { compareCursors, parseCursor } from "../../src/core/index.ts";
import { rawRequest } from "./raw-client.ts";
import type { Ending, RawResponse } from "./raw-client.ts";

/** One event of a stream, whether it came as SSE or as a line of JSON. */
export interface StreamEvent {
  readonly cursor: string;
  readonly event: string;
  /** The text of a `message`; JSON, or `[DONE]`, of the others. */
  readonly data: string;
}

export interface StreamOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly format?: StreamReaderFormat;
  /** Resets the connection when so many events have come; those that came with the last one are not counted. */
  readonly cutAfter?: number;
}

export type StreamReaderFormat = "text/event-stream" | "application/x-ndjson";

export interface OpenStream extends RawResponse {
  /** The events so far. */
  readonly events: readonly StreamEvent[];
}

/** Opens a stream; resolves when the response's head is there. */
export async function openStream(
  port: number,
  path: string,
  options: StreamOptions = {},
): Promise<OpenStream> {
  const { format = "text/event-stream", cutAfter = Number.POSITIVE_INFINITY, headers } = options;
  const events: StreamEvent[] = [];
  const feed = FEEDS[format]((event) => {
    if (events.length < cutAfter) events.push(event);
  });
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  const response = await rawRequest(port, {
    path,
    headers: { accept: format, ...headers },
    onBytes(bytes, { status, cut }) {
      if (status !== 200) return;
      feed(decoder.decode(bytes, { stream: true }));
      if (events.length >= cutAfter) cut();
    },
  });
  return Object.defineProperty(response, "events", { value: events }) as OpenStream;
}

export interface ReadStream {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly events: readonly StreamEvent[];
  readonly text: string;
  readonly ended: Ending;
}

/** Reads a stream to its end, or to its cut. */
export async function readStream(
  port: number,
  path: string,
  options: StreamOptions = {},
): Promise<ReadStream> {
  const stream = await openStream(port, path, options);
  const ended = await stream.ending;
  const { status, headers, events, text } = stream;
  return { status, headers, events, text, ended };
}

/** The events of what was received so far; an event or a line that did not come whole is none. */
export function eventsOf(text: string, format: StreamReaderFormat): readonly StreamEvent[] {
  const events: StreamEvent[] = [];
  FEEDS[format]((event) => events.push(event))(text);
  return events;
}

/** What a reader of these events has on its screen: all text, without what a reset withdrew. */
export function renderedText(events: readonly StreamEvent[]): string {
  let shown: { readonly cursor: string; readonly text: string }[] = [];
  for (const { event, cursor, data } of events) {
    if (event === "message") shown.push({ cursor, text: data });
    if (event === "step-reset") {
      const { from } = JSON.parse(data) as { readonly from: string };
      shown = shown.filter((piece) => compareCursors(parseCursor(piece.cursor), parseCursor(from)) < 0);
    }
  }
  return shown.map((piece) => piece.text).join("");
}

type Feed = (onEvent: (event: StreamEvent) => void) => (text: string) => void;

const FEEDS: Record<StreamReaderFormat, Feed> = {
  "text/event-stream": (onEvent) => {
    const parser = createParser({
      onEvent: ({ id = "", event = "message", data }) => onEvent({ cursor: id, event, data }),
      onError: (error) => {
        throw error;
      },
    });
    return (text) => parser.feed(text);
  },
  "application/x-ndjson": (onEvent) => {
    let held = "";
    return (text) => {
      const lines = (held + text).split("\n");
      held = lines.pop() ?? "";
      for (const line of lines) {
        const event = eventOfLine(line);
        if (event) onEvent(event);
      }
    };
  },
};

function eventOfLine(line: string): StreamEvent | undefined {
  const { event, cursor, text } = JSON.parse(line) as {
    readonly event: string;
    readonly cursor?: string;
    readonly text?: string;
  };
  return cursor === undefined ? undefined : { cursor, event, data: text ?? line };
}
