import type { AgentError, ErrorCode } from "../../core/index.ts";
import {
  INTERNAL_ERROR,
  INVALID_PARAMS,
  METHOD_NOT_FOUND,
  PARSE_ERROR,
  INVALID_REQUEST,
  rpcError,
} from "../json-rpc.ts";
import type { RequestId, RpcError } from "../json-rpc.ts";

// A2A 1.0 §5.4: error codes of its own.
export const TASK_NOT_FOUND = -32_001;
export const TASK_NOT_CANCELABLE = -32_002;
export const PUSH_NOT_SUPPORTED = -32_003;
export const UNSUPPORTED_OPERATION = -32_004;
export const CONTENT_TYPE_NOT_SUPPORTED = -32_005;
export const EXTENDED_CARD_NOT_CONFIGURED = -32_007;
export const VERSION_NOT_SUPPORTED = -32_009;

const NUMBERS: Partial<Record<ErrorCode, number>> = {
  invalid_request: INVALID_PARAMS,
  invalid_id: INVALID_PARAMS,
  invalid_cursor: INVALID_PARAMS,
  agent_not_found: INVALID_PARAMS,
  approval_not_found: INVALID_PARAMS,
  conversation_of_another_agent: INVALID_PARAMS,
  idempotency_key_reused: INVALID_PARAMS,
  body_too_large: INVALID_REQUEST,
  unsupported_media_type: CONTENT_TYPE_NOT_SUPPORTED,
  conversation_not_found: TASK_NOT_FOUND,
  run_not_found: TASK_NOT_FOUND,
  stream_expired: UNSUPPORTED_OPERATION,
  route_not_found: METHOD_NOT_FOUND,
};

/** Why each number has its name in `google.rpc.ErrorInfo` (A2A 1.0 §9.5). */
const REASONS: Readonly<Record<number, string>> = {
  [PARSE_ERROR]: "PARSE_ERROR",
  [TASK_NOT_FOUND]: "TASK_NOT_FOUND",
  [TASK_NOT_CANCELABLE]: "TASK_NOT_CANCELABLE",
  [PUSH_NOT_SUPPORTED]: "PUSH_NOTIFICATION_NOT_SUPPORTED",
  [UNSUPPORTED_OPERATION]: "UNSUPPORTED_OPERATION",
  [CONTENT_TYPE_NOT_SUPPORTED]: "CONTENT_TYPE_NOT_SUPPORTED",
  [EXTENDED_CARD_NOT_CONFIGURED]: "EXTENDED_AGENT_CARD_NOT_CONFIGURED",
  [VERSION_NOT_SUPPORTED]: "VERSION_NOT_SUPPORTED",
};

/** An error in A2A's form, in answer to the request with that id. */
export function a2aErrorResponse(error: AgentError, id: RequestId = null): Response {
  return rpcError(id, a2aError(error));
}

function a2aError({ code, message, details }: AgentError): RpcError {
  const { rpc } = details;
  const number = typeof rpc === "number" ? rpc : (NUMBERS[code] ?? INTERNAL_ERROR);
  const reason = REASONS[number] ?? code.toUpperCase();
  const info = { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason, domain: "a2a-protocol.org" };
  return { code: number, message, data: [{ ...info, metadata: { code } }] };
}
