import { LAST_EVENT_ID } from "../protocol/index.ts";
import { durableBody } from "./durable-body.ts";
import { DURABLE_FETCH_LIMITS } from "./durable-fetch-limits.ts";
import type { DurableFetchLimits } from "./durable-fetch-limits.ts";
import { isEventStream, resumeAddress } from "./resume-address.ts";

export interface DurableFetchOptions {
  /** What makes the requests. Default: the platform's fetch. */
  readonly fetch?: typeof fetch;
  readonly limits?: Partial<DurableFetchLimits>;
  /** In [0, 1), for the jitter. Default: Math.random. */
  readonly random?: () => number;
}

/**
 * A `fetch` whose event streams survive cuts: where an answer names with `x-stream-resume` how it goes on, a stream that
 * breaks off, or ends without saying so, is gone on with after the last whole event, under the headers of the first
 * request. Whoever reads sees whole events only, each once, and one end. Every other answer is passed on untouched. When
 * it cannot go on, the body fails as a cut one does.
 * @example
 * const source = new EventSource(url, { fetch: createDurableFetch() });
 */
export function createDurableFetch(options: DurableFetchOptions = {}): typeof fetch {
  const given = options.fetch ?? globalThis.fetch;
  const send: typeof fetch = (input, init) => given(input, init);
  const limits = { ...DURABLE_FETCH_LIMITS, ...options.limits };
  const random = options.random ?? Math.random;

  return async (input, init) => {
    const response = await send(input, init);
    const asked = addressOf(input);
    const resume = resumeAddress(response, asked);
    if (resume === undefined || !isEventStream(response) || !response.body) return response;
    const headers = resumingHeaders(input, init);
    const body = durableBody({
      fetch: send,
      body: response.body,
      address: resume,
      init: { ...settingsOf(input, init), headers },
      lastId: headers.get(LAST_EVENT_ID) ?? undefined,
      signal: signalOf(input, init),
      limits,
      random,
    });
    return likeResponse(response, body);
  };
}

/** An answer that cannot be told from the first by whoever asks it. */
function likeResponse(first: Response, body: ReadableStream<Uint8Array>): Response {
  const { status, statusText, headers, url, redirected, type } = first;
  const response = new Response(body, { status, statusText, headers });
  for (const [name, value] of Object.entries({ url, redirected, type })) {
    Object.defineProperty(response, name, { value });
  }
  return response;
}

function addressOf(input: string | URL | Request): string {
  return input instanceof Request ? input.url : String(input);
}

/** The first request's headers, without those that speak of its body or name it. */
function resumingHeaders(input: string | URL | Request, init: RequestInit | undefined): Headers {
  const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined));
  const ofTheBody = ["content-type", "content-length", "content-encoding", "idempotency-key"];
  for (const name of [...ofTheBody, "if-none-match"]) headers.delete(name);
  return headers;
}

/** How the first request was made, but for what it carried. */
function settingsOf(input: string | URL | Request, init: RequestInit | undefined): RequestInit {
  const request: RequestInit = input instanceof Request ? input : {};
  const credentials = init?.credentials ?? request.credentials;
  const mode = init?.mode ?? request.mode;
  return { ...(credentials && { credentials }), ...(mode && mode !== "navigate" && { mode }) };
}

function signalOf(input: string | URL | Request, init: RequestInit | undefined): AbortSignal | undefined {
  return init?.signal ?? (input instanceof Request ? input.signal : undefined);
}
