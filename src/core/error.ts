/**
 * Every code an error of Holdfast can carry, each with whether the same call may succeed later.
 * Codes are stable across minor versions; messages are not. There are no user-defined codes.
 */
const RETRYABLE = {
  invalid_request: false,
  invalid_id: false,
  invalid_cursor: false,
  agent_not_found: false,
  conversation_not_found: false,
  run_not_found: false,
  approval_not_found: false,
  route_not_found: false,
  method_not_allowed: false,
  not_acceptable: false,
  conversation_of_another_agent: false,
  cursor_beyond_log: false,
  stream_expired: false,
  body_too_large: false,
  unsupported_media_type: false,
  idempotency_key_reused: false,
  queue_full: true,
  fenced: false,
  log_gap: true,
  model_unauthorized: false,
  model_rate_limited: true,
  model_unavailable: true,
  model_failed: false,
  too_many_attempts: false,
  deadline_exceeded: false,
  store_unavailable: true,
  store_locked: false,
  shutting_down: true,
  internal_error: false,
} as const;

type Retryable = typeof RETRYABLE;

/** One of the closed list of error codes. */
export type ErrorCode = keyof Retryable;

/** The closed list, for tables and documentation. */
export const ERROR_CODES: readonly ErrorCode[] = Object.keys(RETRYABLE).filter(isErrorCode);

/** Whether a string from outside (a stored event, a response body) is a code of the closed list. */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === "string" && Object.hasOwn(RETRYABLE, value);
}

export interface AgentErrorOptions {
  /** What went wrong underneath. Goes to logs, never on the wire. */
  readonly cause?: unknown;
  /** Overrides the code's own retryability, where the source said so. */
  readonly retryable?: boolean;
  /** How long to wait before trying again, in milliseconds, where the source said so. */
  readonly retryAfterMs?: number;
  /** Facts for the caller, safe to show: the offending field, a link, the newest cursor. */
  readonly details?: Readonly<Record<string, string | number | boolean>>;
}

/**
 * The one error of Holdfast: a code of the closed list, a message for people, and whether trying again may help.
 * Its message and details are safe to show to a client; its cause is not.
 */
export class AgentError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly details: Readonly<Record<string, string | number | boolean>>;
  /** Recognises errors of another copy of this package, which `instanceof` would not. */
  readonly isAgentError = true;

  constructor(code: ErrorCode, message: string, options: AgentErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "AgentError";
    this.code = code;
    this.retryable = options.retryable ?? RETRYABLE[code];
    this.retryAfterMs = options.retryAfterMs;
    this.details = options.details ?? {};
  }

  static isInstance(value: unknown): value is AgentError {
    return typeof value === "object" && value !== null && "isAgentError" in value;
  }

  /** The way in for anything thrown: ours stays as it is, the rest becomes `internal_error` and says nothing more. */
  static from(value: unknown): AgentError {
    if (AgentError.isInstance(value)) return value;
    return new AgentError("internal_error", "Something went wrong on the server.", { cause: value });
  }
}
