import { backOffMs, pause } from "./back-off.ts";
import type { BackOff } from "./back-off.ts";
import { ClientError, unreachable } from "./client-error.ts";
import { errorFromResponse, retryAfterMs } from "./error-from-response.ts";
import { addressOf, headersOf } from "./http-context.ts";
import type { HttpContext } from "./http-context.ts";
import { linkAbort } from "./linked-abort.ts";

/** One call of the API. Every call of ours may be repeated: the server knows a repeat for what it is. */
export interface ApiRequest {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

export interface RequestLimits {
  readonly backOff: BackOff;
  /** How often a request is made in all. */
  readonly maxTries: number;
  /** How long one try may take, answer and all. */
  readonly tryMs: number;
  /** A server that wants more patience than this is taken at its word: the call fails. */
  readonly maxRetryAfterMs: number;
}

export const REQUEST_LIMITS: RequestLimits = {
  backOff: { firstMs: 300, limitMs: 10_000 },
  maxTries: 6,
  tryMs: 30_000,
  maxRetryAfterMs: 60_000,
};

/**
 * Makes a call; gives the JSON of the answer, undefined for an empty one. Tries again after connection errors, 429 and
 * 5xx, with full jitter and as `Retry-After` says. Rejects with ClientError, or with the signal's reason.
 */
export async function request(
  context: HttpContext,
  limits: RequestLimits,
  call: ApiRequest,
): Promise<unknown> {
  for (let tries = 1; ; tries++) {
    const outcome = await tryOnce(context, limits, call);
    if (outcome.kind === "answer") return outcome.body;
    const { error, waitMs } = outcome;
    if (waitMs === undefined || waitMs > limits.maxRetryAfterMs || tries >= limits.maxTries) throw error;
    await pause(waitMs + backOffMs(limits.backOff, tries, context.random()), call.signal);
  }
}

/** What came of one try; `waitMs` only where another may help. */
type Outcome =
  | { readonly kind: "answer"; readonly body: unknown }
  | { readonly kind: "failure"; readonly error: ClientError; readonly waitMs?: number };

async function tryOnce(context: HttpContext, limits: RequestLimits, call: ApiRequest): Promise<Outcome> {
  const abort = linkAbort(call.signal);
  const timer = setTimeout(() => abort.abort(new Error("The server takes too long.")), limits.tryMs);
  try {
    const response = await context.fetch(addressOf(context, call.path), {
      method: call.method,
      headers: { accept: "application/json", ...(await headersOf(context)), ...call.headers },
      signal: abort.signal,
      ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
    });
    return await readOutcome(response);
  } catch (cause) {
    // Not throwIfAborted: React Native has none.
    if (call.signal?.aborted) throw call.signal.reason ?? cause;
    return { kind: "failure", error: unreachable(cause), waitMs: 0 };
  } finally {
    clearTimeout(timer);
    abort.release();
  }
}

async function readOutcome(response: Response): Promise<Outcome> {
  const { status } = response;
  if (response.ok) return { kind: "answer", body: await readJson(response) };
  const waitMs = retryAfterMs(response, Date.now());
  const error = await errorFromResponse(response);
  return status === 429 || status >= 500 ? { kind: "failure", error, waitMs } : { kind: "failure", error };
}

async function readJson(response: Response): Promise<unknown> {
  const text = await response.text();
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    const { status } = response;
    throw new ClientError("unexpected_answer", "The answer is not JSON.", { status, cause });
  }
}
