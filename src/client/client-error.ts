import type { ErrorCode } from "../core/index.ts";

/**
 * Every code an error of the client can carry: those of the wire, and what only a client can see. `unreachable`: no answer,
 * or none but trouble, for as long as the limits allow. `unauthorized` and `forbidden`: HTTP 401 and 403.
 * `unexpected_answer`: not an answer of Holdfast.
 */
export type ClientErrorCode = ErrorCode | "unreachable" | "unauthorized" | "forbidden" | "unexpected_answer";

export interface ClientErrorOptions {
  readonly status?: number | undefined;
  readonly details?: Readonly<Record<string, string | number | boolean>>;
  readonly cause?: unknown;
}

/**
 * The one error of the client. Codes are stable, messages are not. An abort is no error: what was aborted rejects with
 * the signal's own reason, and a stream that was aborted just ends.
 */
export class ClientError extends Error {
  readonly code: ClientErrorCode;
  /** The HTTP status, where there was an answer. */
  readonly status: number | undefined;
  /** Facts from the server: the offending field, the path of the history, the newest cursor. */
  readonly details: Readonly<Record<string, string | number | boolean>>;

  constructor(code: ClientErrorCode, message: string, options: ClientErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "ClientError";
    this.code = code;
    this.status = options.status;
    this.details = options.details ?? {};
  }
}

export function unreachable(cause: unknown): ClientError {
  return new ClientError("unreachable", "The server cannot be reached.", { cause });
}
