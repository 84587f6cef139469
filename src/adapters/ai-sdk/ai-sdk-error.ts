import { APICallError, JSONParseError, LoadAPIKeyError } from "@ai-sdk/provider";
import { isProviderStreamError } from "@ai-sdk/provider-utils";
import { AgentError } from "../../core/index.ts";
import type { ErrorCode } from "../../core/index.ts";
import { isNetworkError } from "./network-error.ts";
import { retryAfterMs } from "./retry-after.ts";
import { shownMessage } from "./shown-message.ts";

/**
 * An error of a model call, of whatever kind the AI SDK, its provider, `fetch` or an `error` part made it:
 *
 * | what happened | code | retryable |
 * |---|---|---|
 * | status 401, 403, no key | `model_unauthorized` | no |
 * | status 429 | `model_rate_limited` | yes, unless the quota is used up |
 * | status 408, 409, 5xx, overloaded, no connection, cut off, garbled | `model_unavailable` | yes |
 * | anything else | `model_failed` | no |
 *
 * The message is safe to show: it names the status, and says what the provider said where that is short and holds
 * nothing like a key. The error itself is the cause. An `AgentError`, also one deep in the causes, stays as it is.
 * `now`, in milliseconds since 1970, is what a `retry-after` date is counted from.
 */
export function errorFromAiSdk(error: unknown, now: number = Date.now()): AgentError {
  const own = causesOf(error).find((cause) => AgentError.isInstance(cause));
  if (own !== undefined) return own;
  const facts = factsOfError(error);
  if (facts !== undefined) return errorFromFacts(facts, error, now);
  if (LoadAPIKeyError.isInstance(error)) {
    return new AgentError("model_unauthorized", "The model's provider has no API key.", { cause: error });
  }
  const retryable = APICallError.isInstance(error) && error.isRetryable;
  if (retryable || causesOf(error).some(isNetworkError)) return unreachable(error);
  if (JSONParseError.isInstance(error)) {
    return new AgentError("model_unavailable", "The model's provider sent a garbled answer.", {
      cause: error,
    });
  }
  return new AgentError("model_failed", "The model call failed.", { cause: error });
}

/** What decides about an error that the provider itself reported. */
interface ProviderFacts {
  readonly status: number;
  readonly says: string | undefined;
  /** Absent: as its status says. */
  readonly retryable: boolean | undefined;
  readonly headers: Readonly<Record<string, string>> | undefined;
}

/** How deep causes are followed. */
const MAX_CAUSES = 10;

function causesOf(error: unknown): readonly unknown[] {
  const causes: unknown[] = [];
  for (let cause = error; cause !== undefined && causes.length < MAX_CAUSES;) {
    causes.push(cause);
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return causes;
}

function factsOfError(error: unknown): ProviderFacts | undefined {
  if (APICallError.isInstance(error)) {
    return error.statusCode === undefined
      ? undefined
      : {
          status: error.statusCode,
          says: error.message,
          retryable: isQuotaUsedUp(error.data) ? false : error.isRetryable,
          headers: error.responseHeaders,
        };
  }
  if (isProviderStreamError(error)) {
    return {
      status: error.statusCode ?? 500,
      says: error.message,
      retryable: error.isRetryable,
      headers: undefined,
    };
  }
  return factsOfFrame(error);
}

/** An `error` part may carry the provider's frame as it came: `{type, message}`, or that under `error`. */
function factsOfFrame(frame: unknown): ProviderFacts | undefined {
  if (!isRecord(frame) || frame instanceof Error) return undefined;
  const inner = isRecord(frame["error"]) ? frame["error"] : frame;
  const kind = [inner["type"], inner["code"], inner["status"]].filter((value) => typeof value === "string");
  const status = STATUS_OF_KIND.find(({ pattern }) => pattern.test(kind.join(" ")))?.status;
  if (status === undefined) return undefined;
  const says = typeof inner["message"] === "string" ? inner["message"] : undefined;
  return { status, says, retryable: isQuotaUsedUp(frame) ? false : undefined, headers: undefined };
}

/** What providers call their errors inside a stream, where there is no status any more; the first match counts. */
const STATUS_OF_KIND: readonly { readonly pattern: RegExp; readonly status: number }[] = [
  { pattern: /rate_limit|insufficient_quota|resource_exhausted/i, status: 429 },
  { pattern: /authentication|unauthenticated/i, status: 401 },
  { pattern: /permission/i, status: 403 },
  { pattern: /invalid|bad_request|context_length/i, status: 400 },
  { pattern: /overloaded|unavailable/i, status: 503 },
  { pattern: /timeout|deadline/i, status: 504 },
  { pattern: /server_error|api_error|internal/i, status: 500 },
];

function isQuotaUsedUp(data: unknown): boolean {
  const inner = isRecord(data) && isRecord(data["error"]) ? data["error"] : data;
  return isRecord(inner) && [inner["code"], inner["type"]].includes("insufficient_quota");
}

function errorFromFacts(facts: ProviderFacts, cause: unknown, now: number): AgentError {
  const { status } = facts;
  // A status of success and yet an error: the answer had begun and could not be read to its end.
  if (status < 300) return unreachable(cause);
  const { code, what } = verdictOfStatus(status);
  // What providers say of a refused key often quotes it.
  const says = code === "model_unauthorized" ? undefined : shownMessage(facts.says);
  const wait = code === "model_failed" ? undefined : retryAfterMs(facts.headers, now);
  return new AgentError(code, `${what} (status ${status})${says === undefined ? "." : `: ${says}`}`, {
    cause,
    details: { status },
    ...(facts.retryable === false && { retryable: false }),
    ...(wait !== undefined && { retryAfterMs: wait }),
  });
}

function verdictOfStatus(status: number): { readonly code: ErrorCode; readonly what: string } {
  if (status === 401 || status === 403) {
    return { code: "model_unauthorized", what: "The model's provider refused the credentials" };
  }
  if (status === 429) {
    return { code: "model_rate_limited", what: "The model's provider limits requests" };
  }
  if (status === 408 || status === 409 || status >= 500) {
    return { code: "model_unavailable", what: "The model's provider failed" };
  }
  return { code: "model_failed", what: "The model's provider refused the request" };
}

function unreachable(cause: unknown): AgentError {
  return new AgentError("model_unavailable", "The connection to the model's provider failed or was cut.", {
    cause,
  });
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
