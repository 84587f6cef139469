import { ERROR_CODES } from "../core/index.ts";
import type { ErrorJson } from "../protocol/index.ts";
import { ClientError } from "./client-error.ts";
import type { ClientErrorCode } from "./client-error.ts";

/** What an answer that is no success says. Reads the body; one that cannot be read leaves what the status says. */
export async function errorFromResponse(response: Response): Promise<ClientError> {
  const { status } = response;
  const told = parseError(await response.text().catch(() => "")); // Cut short: the status is what we know.
  if (!told) return new ClientError(CODES[status] ?? fallback(status), `HTTP ${status}`, { status });
  const { code, message, ...details } = told;
  return new ClientError(code, message, { status, details });
}

/** Without a body of ours, from a proxy for instance. */
const CODES: Readonly<Record<number, ClientErrorCode>> = {
  401: "unauthorized",
  403: "forbidden",
  406: "not_acceptable",
  413: "body_too_large",
};

function fallback(status: number): ClientErrorCode {
  return status === 429 || status >= 500 ? "unreachable" : "unexpected_answer";
}

function parseError(text: string): ErrorJson["error"] | undefined {
  try {
    const { error } = JSON.parse(text) as Partial<ErrorJson>;
    return error !== undefined && ERROR_CODES.includes(error.code) ? error : undefined;
  } catch {
    return undefined; // Not JSON, so not ours.
  }
}

/** How long the answer asks to wait, in milliseconds: RFC 9110 §10.2.3, seconds or a date. 0: it does not say. */
export function retryAfterMs(response: Response, now: number): number {
  const text = response.headers.get("retry-after");
  if (text === null) return 0;
  const wait = /^\d+$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isFinite(wait) ? Math.max(0, wait) : 0;
}
