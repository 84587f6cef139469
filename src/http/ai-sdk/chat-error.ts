import type { AgentError } from "../../core/index.ts";
import { errorResponse } from "../json-response.ts";

/** A refusal as chat transports show it: they make the whole body the message of their error. */
export function chatErrorResponse(error: AgentError, more: Readonly<Record<string, string>> = {}): Response {
  const { status, headers } = errorResponse(error, more);
  headers.set("content-type", "text/plain; charset=utf-8");
  const body = new TextEncoder().encode(error.message);
  headers.set("content-length", String(body.byteLength));
  return new Response(body, { status, headers });
}
