import {
  createEventSourceResponseHandler,
  createJsonErrorResponseHandler,
  createJsonResponseHandler,
  getFromApi,
  jsonSchema,
  postJsonToApi,
  postToApi,
} from "@ai-sdk/provider-utils";
import type { JsonObject } from "../../core/index.ts";
import { readParts } from "../ai-sdk/read-parts.ts";
import { eventFromJson, responseFromJson } from "./response-event.ts";
import type { PlacedEvent, ResponseState } from "./response-event.ts";

/** The calls of the Responses API that background responses need. Each throws what `fetch` or the server says. */
export interface ResponsesApi {
  /** Makes a response and gives its events from the first. Never sent twice: each time makes another, and costs. */
  create(body: JsonObject, signal: AbortSignal): AsyncIterable<PlacedEvent>;
  /** The events of a response after a position, or all: those there are, then those that come. */
  events(id: string, after: number | undefined, signal: AbortSignal): AsyncIterable<PlacedEvent>;
  /** The response as it is now; undefined where the answer holds none. */
  retrieve(id: string, signal: AbortSignal): Promise<ResponseState | undefined>;
  cancel(id: string, signal: AbortSignal): Promise<void>;
}

export interface ResponsesApiOptions {
  /** Up to and with `/v1`, without a slash at its end. */
  readonly baseUrl: string;
  /** The headers of each request, among them those that sign it in. */
  readonly headers: () => PromiseLike<Record<string, string>>;
  readonly fetch?: typeof globalThis.fetch | undefined;
}

export function createResponsesApi({ baseUrl, headers, fetch }: ResponsesApiOptions): ResponsesApi {
  const url = (id: string, rest = ""): string => `${baseUrl}/responses/${encodeURIComponent(id)}${rest}`;
  const common = { failedResponseHandler: onFailure, ...(fetch && { fetch }) };
  return {
    async *create(body, signal) {
      const { value } = await postJsonToApi({
        ...common,
        url: `${baseUrl}/responses`,
        headers: await headers(),
        body,
        successfulResponseHandler: onEvents,
        abortSignal: signal,
      });
      yield* placedEvents(value, signal);
    },
    async *events(id, after, signal) {
      const query = after === undefined ? "?stream=true" : `?stream=true&starting_after=${after}`;
      const { value } = await getFromApi({
        ...common,
        url: url(id, query),
        headers: await headers(),
        successfulResponseHandler: onEvents,
        abortSignal: signal,
        validateUrl: false,
      });
      yield* placedEvents(value, signal);
    },
    async retrieve(id, signal) {
      const { value } = await getFromApi({
        ...common,
        url: url(id),
        headers: await headers(),
        successfulResponseHandler: onJson,
        abortSignal: signal,
        validateUrl: false,
      });
      return responseFromJson(value);
    },
    async cancel(id, signal) {
      await postToApi({
        ...common,
        url: url(id, "/cancel"),
        headers: await headers(),
        // No bytes rather than no text, which would be sent with a content type.
        body: { content: new Uint8Array(), values: undefined },
        successfulResponseHandler: onJson,
        abortSignal: signal,
      });
    },
  };
}

type EventStream = ReadableStream<
  { readonly success: true; readonly value: unknown } | { readonly success: false; readonly error: Error }
>;

async function* placedEvents(
  stream: EventStream,
  signal: AbortSignal,
): AsyncGenerator<PlacedEvent, void, undefined> {
  for await (const part of readParts(stream, signal)) {
    if (!part.success) throw part.error;
    yield eventFromJson(part.value);
  }
}

/** What comes is looked at field by field where it is translated. */
const ANYTHING = jsonSchema({});
const onEvents = createEventSourceResponseHandler(ANYTHING);
const onJson = createJsonResponseHandler(ANYTHING);
const onFailure = createJsonErrorResponseHandler({
  errorSchema: ANYTHING,
  errorToMessage: messageFromError,
});

function messageFromError(body: unknown): string {
  const error = isRecord(body) && isRecord(body["error"]) ? body["error"] : body;
  return isRecord(error) && typeof error["message"] === "string" ? error["message"] : "";
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
