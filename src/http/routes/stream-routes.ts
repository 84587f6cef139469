import { AgentError, entityForm, parseCursor } from "../../core/index.ts";
import type { Conversation, Cursor } from "../../core/index.ts";
import {
  createNdjsonProjection,
  createSseProjection,
  createTextProjection,
} from "../../projections/index.ts";
import type { Projection, ProjectionOptions } from "../../projections/index.ts";
import {
  CONVERSATION_ID,
  LAST_EVENT_ID,
  STREAM_RESUME,
  streamPath,
  THREAD_ID,
} from "../../protocol/index.ts";
import type { OpenStream } from "../../ports/index.ts";
import { openReading } from "../../runtime/index.ts";
import type { ReadRequest } from "../../runtime/index.ts";
import { acceptedFormat } from "../accept.ts";
import type { StreamFormat } from "../accept.ts";
import { conversationOfCall, findAgent } from "../conversation-of-call.ts";
import { flagIn } from "../flag-in.ts";
import { withHistoryLink } from "../history-link.ts";
import { isKnown } from "../if-none-match.ts";
import { errorResponse } from "../json-response.ts";
import { ordinalIn } from "../ordinal-in.ts";
import type { Call, HttpSettings, Route } from "../route.ts";
import { streamResponse } from "../stream-response.ts";
import { createStreamSource } from "../stream-source.ts";
import { agentNamedBy, startRequestedRun } from "./run-routes.ts";

/** Streams: starting one, and reading one from any cursor. */
export const STREAM_ROUTES: readonly Route[] = [
  { method: "POST", path: "/api/agent/create", handle: createAndStream },
  { method: "GET", path: "/api/agent/stream/{id}", handle: getStream },
];

async function createAndStream(call: Call): Promise<Response> {
  const { request, url, runtime } = call;
  // Refuse before anything is started.
  const format = acceptedFormat(request.headers.get("accept"));
  const named = url.searchParams.get("agent") ?? agentNamedBy(request.headers.get(CONVERSATION_ID));
  const agent = named === undefined ? runtime.agents.first : findAgent(runtime.agents, named);
  const { started } = await startRequestedRun(call, agent);
  const reading = { id: started.conversation, run: started.run };
  const headers = {
    [CONVERSATION_ID]: entityForm(agent.name, started.conversation),
    [THREAD_ID]: started.conversation,
    location: streamPath(started.conversation, started.run),
  };
  // The run is accepted by now: also an answer that cannot stream says where it is.
  return readingResponse(call, reading, format, headers).catch((error: unknown) =>
    errorResponse(AgentError.from(error), headers),
  );
}

async function getStream(call: Call): Promise<Response> {
  const { request, url, parameter } = call;
  const format = acceptedFormat(request.headers.get("accept"));
  const conversation = await conversationOfCall(call, parameter("id"));
  const { id } = conversation;
  const { searchParams } = url;
  const everything = eventsOf(searchParams.get("events")) === "all";
  const reading = {
    id,
    after: cursorOf(request.headers.get(LAST_EVENT_ID), searchParams.get("cursor")),
    run: ordinalIn(url, "run"),
    follow: flagIn(url, "follow"),
    everything,
  };
  return readingResponse(call, reading, format, { [CONVERSATION_ID]: id }, conversation);
}

async function readingResponse(
  call: Call,
  request: ReadRequest,
  format: StreamFormat,
  headers: Record<string, string>,
  known?: Conversation,
): Promise<Response> {
  const { runtime, openStreams, settings } = call;
  const reading = await openReading(runtime, request, known).catch((error: unknown) => {
    throw withHistoryLink(error, request.id);
  });
  // Wire rule 4: EventSource reconnects for ever unless it is told that nothing is left.
  if (reading.kind === "nothing-left") return new Response(null, { status: 204, headers });
  const { everything = false, follow: eachRun = false } = request;
  const projection = projectionFor(format, { everything, eachRun });
  const caching = cachingHeaders(reading.version, projection, request, settings);
  if (isKnown(call.request.headers.get("if-none-match"), caching["etag"])) {
    return new Response(null, { status: 304, headers: { ...headers, ...caching } });
  }
  const opened = (): OpenStream => runtime.metrics.streamOpened(format);
  const source = createStreamSource({ read: reading.read, projection, openStreams, opened });
  return streamResponse(source, projection, {
    [STREAM_RESUME]: resumePath(request),
    ...headers,
    ...caching,
  });
}

/**
 * What lets a client, or a cache on the way, keep a stream that will not change: of one ended run for a while without
 * asking, of a whole conversation only by asking, since another run may come.
 */
function cachingHeaders(
  version: string | undefined,
  { name }: Projection,
  { run }: ReadRequest,
  { endedRunMaxAgeS }: HttpSettings,
): Record<string, string> {
  if (version === undefined) return {};
  const keep = run !== undefined && endedRunMaxAgeS > 0;
  return {
    etag: `"${version}:${name}"`,
    vary: "accept, last-event-id",
    ...(keep && { "cache-control": `public, max-age=${endedRunMaxAgeS}, immutable, no-transform` }),
  };
}

/** Where the same stream goes on, with all that was asked of it: who was cut before the first event has no cursor to say. */
function resumePath({ id, run, everything, follow, after }: ReadRequest): string {
  const query = new URLSearchParams({
    ...(after !== undefined && { cursor: after }),
    ...(run !== undefined && { run: String(run) }),
    ...(everything === true && { events: "all" }),
    ...(follow === true && { follow: "true" }),
  });
  return query.size === 0 ? streamPath(id) : `${streamPath(id)}?${query.toString()}`;
}

const projections = new Map<string, Projection>();

/** One for all viewers of a format: there are few kinds of them, and many viewers. */
function projectionFor(format: StreamFormat, options: ProjectionOptions): Projection {
  const kind = `${format} ${options.everything} ${options.eachRun}`;
  const projection = projections.get(kind) ?? createProjection(format, options);
  projections.set(kind, projection);
  return projection;
}

function createProjection(format: StreamFormat, options: ProjectionOptions): Projection {
  switch (format) {
    case "text/event-stream":
      return createSseProjection(options);
    case "application/x-ndjson":
      return createNdjsonProjection(options);
    case "text/plain":
      return createTextProjection();
  }
}

/** `Last-Event-ID` wins: a client that reconnects sends it with the address it first used. */
function cursorOf(lastEventId: string | null, parameter: string | null): Cursor | undefined {
  const text = lastEventId || parameter;
  return text === null || text === "" ? undefined : parseCursor(text);
}

function eventsOf(text: string | null): "all" | "text" {
  if (text === null || text === "text") return "text";
  if (text === "all") return "all";
  throw new AgentError("invalid_request", "events is all or text.", { details: { field: "events" } });
}
