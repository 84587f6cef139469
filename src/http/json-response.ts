import { AgentError } from "../core/index.ts";
import { errorStatus, errorToJson } from "../protocol/index.ts";

export function jsonResponse(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  const bytes = new TextEncoder().encode(`${JSON.stringify(body)}\n`);
  return new Response(bytes, {
    status,
    headers: {
      "content-type": "application/json; charset=utf-8",
      // A client that is still sending a body too large sees by it that the answer is whole.
      "content-length": String(bytes.byteLength),
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      ...headers,
    },
  });
}

/** The answer to a call that failed: JSON with a code of the closed list, and nothing of what lies underneath. */
export function errorResponse(error: AgentError, more: Readonly<Record<string, string>> = {}): Response {
  const headers: Record<string, string> = { ...more };
  if (error.retryAfterMs !== undefined) headers["retry-after"] = String(Math.ceil(error.retryAfterMs / 1000));
  const { allow } = error.details;
  if (error.code === "method_not_allowed" && typeof allow === "string") headers["allow"] = allow;
  return jsonResponse(errorStatus(error.code), errorToJson(error), headers);
}
