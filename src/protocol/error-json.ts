import type { AgentError, ErrorCode } from "../core/index.ts";

/** The HTTP status of every error code. */
const STATUS: Readonly<Record<ErrorCode, number>> = {
  invalid_request: 400,
  invalid_id: 400,
  invalid_cursor: 400,
  agent_not_found: 404,
  conversation_not_found: 404,
  run_not_found: 404,
  approval_not_found: 404,
  route_not_found: 404,
  method_not_allowed: 405,
  not_acceptable: 406,
  conversation_of_another_agent: 409,
  cursor_beyond_log: 410,
  stream_expired: 410,
  body_too_large: 413,
  unsupported_media_type: 415,
  idempotency_key_reused: 422,
  queue_full: 429,
  fenced: 409,
  log_gap: 503,
  model_unauthorized: 502,
  model_rate_limited: 502,
  model_unavailable: 502,
  model_failed: 502,
  too_many_attempts: 502,
  deadline_exceeded: 504,
  store_unavailable: 503,
  store_locked: 503,
  shutting_down: 503,
  internal_error: 500,
};

/** The body of an error on the wire. */
export interface ErrorJson {
  readonly error: { readonly code: ErrorCode; readonly message: string } & Readonly<
    Record<string, string | number | boolean>
  >;
}

export function errorStatus(code: ErrorCode): number {
  return STATUS[code];
}

/** What a client is told of an error: code, message and facts; never a cause or a stack. */
export function errorToJson({ code, message, details }: AgentError): ErrorJson {
  return { error: { ...details, code, message } };
}
