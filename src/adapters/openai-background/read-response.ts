import { delay } from "@ai-sdk/provider-utils";
import { AgentError } from "../../core/index.ts";
import type { JsonObject } from "../../core/index.ts";
import type { AgentUpdate } from "../../ports/index.ts";
import { errorFromAiSdk } from "../ai-sdk/ai-sdk-error.ts";
import type { PlacedEvent } from "./response-event.ts";
import { createResponseTranslator } from "./response-translator.ts";
import type { ResponsesApi } from "./responses-api.ts";

/** How often in a row a response is asked for again without anything new of it, before the step counts as cut off. */
export const MAX_FRUITLESS_READS = 5;
/** How often a response that can no longer be streamed is looked at, in milliseconds. */
export const POLL_INTERVAL_MS = 2_000;

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5_000;

/** The response to read, from its beginning, or the request that makes it. */
export type ReadableResponse = { readonly id: string } | { readonly request: JsonObject };

/**
 * A response as updates, until it has ended. A connection that is cut is made again and goes on after the last event;
 * a response that the provider no longer streams (OpenAI: when it is older than 5 minutes) is looked at until it has
 * ended, and what was missed of it comes at once. An abort throws the signal's reason and leaves the response alone.
 */
export async function* readResponse(
  api: ResponsesApi,
  response: ReadableResponse,
  signal: AbortSignal,
): AsyncGenerator<AgentUpdate, void, undefined> {
  const translator = createResponseTranslator();
  let position: number | undefined;
  let polls = false;
  let fruitless = 0;

  function open(): AsyncIterable<PlacedEvent> {
    const known = translator.responseId === undefined ? response : { id: translator.responseId };
    if ("request" in known) return api.create(known.request, signal);
    return polls ? poll(api, known.id, signal) : api.events(known.id, position, signal);
  }

  async function* readOnce(): AsyncGenerator<AgentUpdate, void, undefined> {
    for await (const { position: place, event } of open()) {
      // Servers differ in whether the event at `starting_after` itself comes once more.
      if (place !== undefined && position !== undefined && place <= position) continue;
      position = place ?? position;
      yield* translator.take(event);
      fruitless = 0;
      if (translator.ending) return;
    }
    throw new AgentError("model_unavailable", "The model's answer was cut off before its end.");
  }

  /** How long to wait before reading on after a failure. Throws it where that is of no use. */
  function waitAfter(error: AgentError): number {
    if (translator.responseId === undefined && "request" in response) throw error;
    if (!polls && isRefusal(error)) {
      polls = true;
      return 0;
    }
    fruitless += 1;
    // Events without a place cannot be gone on after: whoever calls knows what of the response it has.
    const canGoOn = polls || position !== undefined || translator.responseId === undefined;
    if (!error.retryable || !canGoOn || fruitless > MAX_FRUITLESS_READS) throw error;
    const backOff = FIRST_WAIT_MS * 4 ** (fruitless - 1);
    return Math.min(LONGEST_WAIT_MS, Math.max(error.retryAfterMs ?? 0, backOff));
  }

  while (!translator.ending) {
    signal.throwIfAborted();
    try {
      yield* readOnce();
    } catch (failure) {
      signal.throwIfAborted();
      const error = errorFromAiSdk(failure);
      if (polls && error.details["status"] === 404) {
        yield { type: "provider-response-lost" };
        throw unknownResponse(error);
      }
      await untilLater(waitAfter(error), signal);
    }
  }
  if (translator.ending.kind === "lost") throw translator.ending.error;
}

/** Waits, unless there is nothing to wait for. Throws the signal's reason as soon as it aborts. */
async function untilLater(milliseconds: number, signal: AbortSignal): Promise<void> {
  if (milliseconds > 0) {
    // Its own error says less than the signal's reason.
    await delay(milliseconds, { abortSignal: signal }).catch(() => {});
  }
  signal.throwIfAborted();
}

/** The response, each time it is looked at, until it has ended. */
async function* poll(api: ResponsesApi, id: string, signal: AbortSignal): AsyncGenerator<PlacedEvent> {
  for (;;) {
    const response = await api.retrieve(id, signal);
    if (response) yield { position: undefined, event: { kind: "response", response } };
    await untilLater(POLL_INTERVAL_MS, signal);
  }
}

/** Whether the server will not stream this response: a plain look at it may still be allowed, and says what became of it. */
function isRefusal(error: AgentError): boolean {
  const status = Number(error.details["status"] ?? 0);
  return status >= 400 && status < 500 && error.code === "model_failed";
}

function unknownResponse(cause: unknown): AgentError {
  return new AgentError("model_unavailable", "The model's provider no longer knows the response.", {
    cause,
    retryAfterMs: 0,
  });
}
