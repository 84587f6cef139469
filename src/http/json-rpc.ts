import * as z from "zod";
import { AgentError } from "../core/index.ts";
import { checkShape } from "./check-shape.ts";
import { jsonResponse } from "./json-response.ts";
import { parseJson } from "./parse-json.ts";

/** JSON-RPC 2.0 §4: what a request is known by. */
export type RequestId = string | number | null;

/** A request, or with no id a notification. */
export interface RpcRequest {
  readonly id: RequestId | undefined;
  readonly method: string;
  readonly params: unknown;
}

/** What went wrong, in the numbers of a protocol. */
export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

// JSON-RPC 2.0 §5.1.
export const PARSE_ERROR = -32_700;
export const INVALID_REQUEST = -32_600;
export const METHOD_NOT_FOUND = -32_601;
export const INVALID_PARAMS = -32_602;
export const INTERNAL_ERROR = -32_603;

const ID = z.union([z.string().max(256), z.number(), z.null()]);
const REQUEST = z.looseObject({
  jsonrpc: z.literal("2.0"),
  id: z.optional(ID),
  method: z.string(),
  params: z.optional(z.unknown()),
});

const ANSWER = z.looseObject({ jsonrpc: z.literal("2.0"), method: z.optional(z.undefined()) });

/** Reads one request. Throws `invalid_request`, with the number that JSON-RPC has for it as `rpc`. */
export function readRpcRequest(text: string): RpcRequest {
  const body = parseBody(text);
  if (Array.isArray(body)) throw rpcRefusal(INVALID_REQUEST, "Batches are not supported: send one request.");
  const parsed = REQUEST.safeParse(body);
  if (!parsed.success) {
    throw rpcRefusal(INVALID_REQUEST, 'The body is no JSON-RPC request: {"jsonrpc": "2.0", "method", …}.');
  }
  const { id, method, params } = parsed.data;
  return { id, method, params };
}

/** Whether a body is an answer to a request, which has no method. */
export function isRpcAnswer(text: string): boolean {
  const parsed = ANSWER.safeParse(parseBody(text));
  return parsed.success && ("result" in parsed.data || "error" in parsed.data);
}

function parseBody(text: string): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    const { message } = AgentError.from(cause);
    throw new AgentError("invalid_request", message, { cause, details: { rpc: PARSE_ERROR } });
  }
}

/** Reads what a method is told. Throws `invalid_request` naming the field. */
export function readParams<Shape>(params: unknown, schema: z.ZodType<Shape>): Shape {
  return checkShape(schema, params ?? {}, (_field, message) => rpcRefusal(INVALID_PARAMS, message), "params");
}

/** A refusal under a number of the protocol's own. */
export function rpcRefusal(rpc: number, message: string): AgentError {
  return new AgentError("invalid_request", message, { details: { rpc } });
}

export function rpcResult(id: RequestId, result: unknown, headers?: Record<string, string>): Response {
  return jsonResponse(200, { jsonrpc: "2.0", id, result }, headers);
}

export function rpcError(id: RequestId, error: RpcError, status = 200): Response {
  return jsonResponse(status, { jsonrpc: "2.0", id, error });
}
