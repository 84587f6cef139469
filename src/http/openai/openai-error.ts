import { AgentError, randomId } from "../../core/index.ts";
import type { ErrorCode } from "../../core/index.ts";
import { errorStatus } from "../../protocol/index.ts";
import { jsonResponse } from "../json-response.ts";

/** What people quote when they ask what became of a request. */
export const REQUEST_ID = "x-request-id";
/** Tells OpenAI's clients whether another try may help, whatever the status. */
const SHOULD_RETRY = "x-should-retry";

/** A refusal of something in the request, by its name and with a code that says of what kind it is. */
export function refusal(param: string, code: string, message: string): AgentError {
  return new AgentError("invalid_request", message, { details: { field: param, code } });
}

/** A refusal because something cannot be done here at all. */
export function unsupported(param: string, why: string): AgentError {
  return refusal(param, "unsupported_parameter", `${param} is not supported: ${why}`);
}

/** An error in OpenAI's form. Only what may help another time is tried again by its clients. */
export function openAiRefusal(error: AgentError): Response {
  const { code, message, details, retryAfterMs } = error;
  const status = STATUS[code] ?? errorStatus(code);
  const known = NAMES[code];
  const { field, allow } = details;
  return openAiError({
    status,
    message,
    param: typeof field === "string" ? (PARAMS[field] ?? field) : (known?.param ?? null),
    code: typeof details["code"] === "string" ? details["code"] : (known?.code ?? code),
    mayHelp: error.retryable && code !== "queue_full",
    headers: {
      ...(retryAfterMs !== undefined && { "retry-after": String(Math.ceil(retryAfterMs / 1000)) }),
      ...(typeof allow === "string" && { allow }),
    },
  });
}

export interface OpenAiError {
  readonly status: number;
  readonly message: string;
  readonly param: string | null;
  readonly code: string;
  /** Whether the client may try again by itself. */
  readonly mayHelp: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

export function openAiError({ status, message, param, code, mayHelp, headers = {} }: OpenAiError): Response {
  const error = { message, type: typeOf(status), param, code };
  return jsonResponse(
    status,
    { error },
    { [SHOULD_RETRY]: String(mayHelp), [REQUEST_ID]: newRequestId(), ...headers },
  );
}

export function newRequestId(): string {
  return `req_${randomId()}`;
}

/** Where OpenAI's clients expect another status than ours: they try a 409 again, which would not help. */
const STATUS: Partial<Record<ErrorCode, number>> = { conversation_of_another_agent: 400 };

const PARAMS: Readonly<Record<string, string>> = { conversation_id: "conversation" };

/** What OpenAI calls what we call otherwise. */
const NAMES: Partial<Record<ErrorCode, { readonly code: string; readonly param: string | null }>> = {
  agent_not_found: { code: "model_not_found", param: "model" },
  conversation_of_another_agent: { code: "conversation_of_another_agent", param: "model" },
  conversation_not_found: { code: "response_not_found", param: "response_id" },
  run_not_found: { code: "response_not_found", param: "response_id" },
  approval_not_found: { code: "approval_not_found", param: "input" },
  invalid_id: { code: "invalid_id", param: "response_id" },
  invalid_cursor: { code: "invalid_cursor", param: "last-event-id" },
  queue_full: { code: "rate_limit_exceeded", param: null },
};

function typeOf(status: number): string {
  if (status === 429) return "rate_limit_error";
  return status >= 500 ? "server_error" : "invalid_request_error";
}
