import { AgentError } from "../../core/index.ts";
import type { Cursor } from "../../core/index.ts";
import {
  createDurableStreamsProjection,
  durableMessages,
  formatOffset,
  parseOffset,
} from "../../projections/index.ts";
import type { DurableStreamPlace } from "../../projections/index.ts";
import type { OpenStream } from "../../ports/index.ts";
import {
  isRunName,
  LAST_EVENT_ID,
  parseRunName,
  runName,
  SSE_END,
  STREAM_CLOSED,
  STREAM_CURSOR,
  STREAM_NEXT_OFFSET,
  STREAM_RESUME,
  STREAM_UP_TO_DATE,
} from "../../protocol/index.ts";
import { openReading, readPage, tailOf } from "../../runtime/index.ts";
import type { LogPage, LogPlace } from "../../runtime/index.ts";
import { existingConversation } from "../conversation-of-call.ts";
import { withHistoryLink } from "../history-link.ts";
import { isKnown } from "../if-none-match.ts";
import { errorResponse } from "../json-response.ts";
import type { Call, Route } from "../route.ts";
import { streamResponse } from "../stream-response.ts";
import { createStreamSource } from "../stream-source.ts";
import { streamCursor } from "./durable-streams-cursor.ts";

/** The reading half of the Durable Streams protocol: a conversation's log, or one run of it, as JSON messages. */
export const DURABLE_STREAMS_ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/stream/{id}",
    handle: getDurableStream,
    refuse: (error) => errorResponse(error, SECURITY_HEADERS),
  },
];

/** How many entries an answer has, about; a reader goes on from its offset. */
const PAGE = 256;

/** Durable Streams §10.7: what a browser must not make of a stream. */
const SECURITY_HEADERS = {
  "x-content-type-options": "nosniff",
  "cross-origin-resource-policy": "cross-origin",
};

const JSON_HEADERS = { ...SECURITY_HEADERS, "content-type": "application/json" };

async function getDurableStream(call: Call): Promise<Response> {
  const place = await placeOfCall(call);
  return answerRead(call, place).catch((error: unknown) => {
    throw withHistoryLink(error, place.id);
  });
}

async function answerRead(call: Call, place: LogPlace): Promise<Response> {
  const { request, runtime } = call;
  if (request.method === "HEAD") return describeStream(call, place);
  const live = liveIn(call.url);
  const offset = offsetOf(call, live);
  const after = offset === "now" ? (await tailOf(runtime, place)).end : offset;
  switch (live) {
    case undefined:
      return offset === "now" ? currentTail(call, place) : catchUp(call, place, after);
    case "long-poll":
      return longPoll(call, place, after);
    case "sse":
      return streamLive(call, place, after);
  }
}

async function placeOfCall(call: Call): Promise<LogPlace> {
  const text = call.parameter("id");
  if (!isRunName(text)) return { id: await existingConversation(call, text) };
  const { conversation, run } = parseRunName(text);
  return { id: conversation, run };
}

function nameOf({ id, run }: LogPlace): string {
  return run === undefined ? id : runName({ conversation: id, run });
}

type Live = "long-poll" | "sse";

function liveIn({ searchParams }: URL): Live | undefined {
  const live = searchParams.get("live");
  if (live === null || live === "long-poll" || live === "sse") return live ?? undefined;
  throw new AgentError("invalid_request", "live is long-poll or sse.", { details: { field: "live" } });
}

/** Undefined: the beginning, whatever is kept of it. `Last-Event-ID` is of a stream that was cut, and wins. */
function offsetOf({ request, url }: Call, live: Live | undefined): Cursor | "now" | undefined {
  const seen = live === "sse" && request.headers.get(LAST_EVENT_ID);
  return seen ? parseOffset(seen) : offsetIn(url, live);
}

function offsetIn({ searchParams }: URL, live: Live | undefined): Cursor | "now" | undefined {
  const [offset, ...more] = searchParams.getAll("offset");
  if (more.length > 0 || (offset === undefined && live !== undefined)) {
    const message = live === undefined ? "offset is given once." : `live=${live} needs an offset, once.`;
    throw new AgentError("invalid_request", message, { details: { field: "offset" } });
  }
  if (offset === undefined || offset === "-1") return undefined;
  return offset === "now" ? offset : parseOffset(offset);
}

/** What HEAD tells: where the stream ends now. */
async function describeStream({ runtime }: Call, place: LogPlace): Promise<Response> {
  const { end, closed } = await tailOf(runtime, place);
  return new Response(null, {
    headers: {
      ...JSON_HEADERS,
      "cache-control": "no-store",
      [STREAM_NEXT_OFFSET]: formatOffset(end),
      ...(closed && { [STREAM_CLOSED]: "true" }),
    },
  });
}

async function currentTail({ runtime }: Call, place: LogPlace): Promise<Response> {
  const tail = { ...(await tailOf(runtime, place)), upToDate: true };
  return new Response("[]", {
    headers: { ...JSON_HEADERS, "cache-control": "no-store", ...placeHeaders(tail) },
  });
}

async function catchUp(call: Call, place: LogPlace, after: Cursor | undefined): Promise<Response> {
  const page = await currentPage(call, place, after);
  const etag = etagOf(page, after);
  const headers = { ...JSON_HEADERS, "cache-control": "no-cache", etag, ...placeHeaders(page) };
  if (isKnown(call.request.headers.get("if-none-match"), etag)) {
    return new Response(null, { status: 304, headers });
  }
  return new Response(durableMessages(page.events), { headers });
}

/**
 * A conversation that was deleted and began anew under its id is another, a page without what was withdrawn meanwhile has
 * fewer entries, and the same entries may turn out to be the last.
 */
function etagOf({ conversation, end, events, closed }: LogPage, after: Cursor | undefined): string {
  const parts = [conversation.createdAt, after ?? "begin", end, events.length, closed ? "closed" : "open"];
  return `"${parts.join(":")}"`;
}

async function longPoll(call: Call, place: LogPlace, after: Cursor | undefined): Promise<Response> {
  const { settings } = call;
  const now = await currentPage(call, place, after);
  const patience = AbortSignal.timeout(settings.heartbeatMs);
  const page =
    now.events.length > 0 || now.closed
      ? now
      : await readPage(call.runtime, {
          ...place,
          after: now.end,
          limit: PAGE,
          waits: true,
          signal: AbortSignal.any([patience, call.request.signal, settings.closing]),
        });
  const headers = {
    ...SECURITY_HEADERS,
    "cache-control": "no-store",
    ...placeHeaders(page),
    ...(!page.closed && { [STREAM_CURSOR]: cursorFor(call) }),
  };
  if (page.events.length === 0) return new Response(null, { status: 204, headers });
  return new Response(durableMessages(page.events), { headers: { ...JSON_HEADERS, ...headers } });
}

async function streamLive(call: Call, place: LogPlace, after: Cursor | undefined): Promise<Response> {
  const { runtime, openStreams } = call;
  const first = await currentPage(call, place, after);
  const projection = createDurableStreamsProjection({
    first,
    tip: first.conversation.tip,
    streamCursor: cursorFor(call),
  });
  const reading = first.closed
    ? undefined
    : await openReading(runtime, { ...place, after: first.end, follow: true, everything: true });
  if (reading?.kind !== "entries") return closedStream(projection.opening ?? "");
  const source = createStreamSource({
    read: reading.read,
    projection,
    openStreams,
    opened: (): OpenStream => runtime.metrics.streamOpened(projection.name),
    // Its own clients do not outlive a reset, and a control event has told them whether an end is the end.
    brokenOff: "end",
  });
  // Cut before its first event, a client has no id to say.
  const from = after === undefined ? "-1" : formatOffset(after);
  const resume = `/v1/stream/${encodeURIComponent(nameOf(place))}?offset=${from}&live=sse`;
  return streamResponse(source, projection, { ...SECURITY_HEADERS, [STREAM_RESUME]: resume });
}

/** A run that has ended and a reader that has all of it: told at once, and that is all. */
function closedStream(events: string): Response {
  return new Response(events + SSE_END, {
    headers: {
      ...SECURITY_HEADERS,
      "content-type": "text/event-stream",
      "cache-control": "no-cache, no-transform",
    },
  });
}

function currentPage(
  { runtime, request, settings }: Call,
  place: LogPlace,
  after: Cursor | undefined,
): Promise<LogPage> {
  // A store that lost its newest entries must not keep anybody waiting for them.
  const patience = AbortSignal.timeout(settings.heartbeatMs);
  const signal = AbortSignal.any([patience, request.signal, settings.closing]);
  return readPage(runtime, { ...place, after, limit: PAGE, waits: false, signal });
}

function placeHeaders({ end, upToDate, closed }: DurableStreamPlace): Record<string, string> {
  return {
    [STREAM_NEXT_OFFSET]: formatOffset(end),
    ...(upToDate && { [STREAM_UP_TO_DATE]: "true" }),
    ...(closed && { [STREAM_CLOSED]: "true" }),
  };
}

function cursorFor({ url }: Call): string {
  return streamCursor(url.searchParams.get("cursor"), Date.now(), Math.random());
}
