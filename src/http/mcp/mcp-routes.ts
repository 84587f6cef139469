import * as z from "zod";
import { AgentError, parseConversationReference, randomId } from "../../core/index.ts";
import type { ErrorCode } from "../../core/index.ts";
import { createMcpProjection } from "../../projections/mcp/index.ts";
import { CONVERSATION_ID, errorStatus, LAST_EVENT_ID, MCP_SESSION_ID } from "../../protocol/index.ts";
import { cancelRuns, describeRun, startRun } from "../../runtime/index.ts";
import type { StartedRun } from "../../runtime/index.ts";
import { jsonResponse } from "../json-response.ts";
import {
  INTERNAL_ERROR,
  INVALID_PARAMS,
  INVALID_REQUEST,
  isRpcAnswer,
  METHOD_NOT_FOUND,
  readParams,
  readRpcRequest,
  rpcError,
  rpcRefusal,
  rpcResult,
} from "../json-rpc.ts";
import type { RpcRequest } from "../json-rpc.ts";
import { projectedStream } from "../projected-stream.ts";
import { readBody } from "../read-body.ts";
import type { Call, Route } from "../route.ts";
import { idempotencyKey } from "../routes/run-routes.ts";
import { agentTool } from "./agent-tools.ts";
import { markOf, runIdOfMark, runOfMark, sessionOf, threadOfMark } from "./mcp-session.ts";
import { answerPlaceIn, idPrefixOf } from "./stream-id.ts";
import type { AnswerPlace } from "./stream-id.ts";

/** The Model Context Protocol over streamable HTTP: a tool for each agent. */
export const MCP_ROUTES: readonly Route[] = [
  { method: "POST", path: "/mcp", handle: postMessage, refuse: mcpErrorResponse },
  { method: "GET", path: "/mcp", handle: resumeAnswer, refuse: mcpErrorResponse },
];

/** The revisions that are spoken here, the newest first. */
const VERSIONS: readonly string[] = ["2025-11-25", "2025-06-18", "2025-03-26"];
const NEWEST = "2025-11-25";
const PROTOCOL_VERSION = "mcp-protocol-version";

async function postMessage(call: Call): Promise<Response> {
  const { request, settings } = call;
  const foreign = refuseForeignOrigin(call);
  if (foreign) return foreign;
  const text = await readBody(request, settings.maxBodyBytes);
  // A client may answer what it was asked; nothing is ever asked here.
  if (isRpcAnswer(text)) return accepted();
  const message = readRpcRequest(text);
  requireVersion(request);
  if (message.id === undefined) return takeNotification(call, message);
  if (message.id === null) throw rpcRefusal(INVALID_REQUEST, "The id of a request is a string or a number.");
  try {
    return await answerRequest(call, message, message.id);
  } catch (cause) {
    const error = AgentError.from(cause);
    // What nobody foresaw is logged on its way out.
    if (error.code === "internal_error") throw error;
    return rpcError(message.id, rpcErrorOf(error));
  }
}

/** MCP, Security Warning: "Servers MUST validate the Origin header … respond with HTTP 403 Forbidden." */
function refuseForeignOrigin({ request, settings }: Call): Response | undefined {
  const origin = request.headers.get("origin");
  const { allowedOrigins } = settings;
  if (origin === null || allowedOrigins.includes("*") || allowedOrigins.includes(origin)) return undefined;
  return rpcError(
    null,
    { code: INVALID_REQUEST, message: `Pages of ${origin} may not call this server.` },
    403,
  );
}

function requireVersion({ headers }: Request): void {
  const version = headers.get(PROTOCOL_VERSION);
  if (version === null || VERSIONS.includes(version)) return;
  throw rpcRefusal(INVALID_REQUEST, `MCP ${version} is not supported: ${VERSIONS.join(", ")}.`);
}

function accepted(): Response {
  return new Response(null, { status: 202 });
}

async function answerRequest(call: Call, message: RpcRequest, id: string | number): Promise<Response> {
  const { agents } = call.runtime;
  switch (message.method) {
    case "initialize":
      return initialize(message, id);
    case "ping":
      return rpcResult(id, {});
    case "tools/list":
      return rpcResult(id, { tools: agents.all.map(agentTool) });
    case "tools/call":
      return callTool(call, message, id);
    default:
      throw rpcRefusal(METHOD_NOT_FOUND, `There is no method ${message.method} here.`);
  }
}

const INITIALIZE = z.looseObject({ protocolVersion: z.string() });

/** A version that is not spoken here is answered with the newest that is (MCP, Version Negotiation). */
function initialize({ params }: RpcRequest, id: string | number): Response {
  const { protocolVersion: wanted } = readParams(params, INITIALIZE);
  const result = {
    protocolVersion: VERSIONS.includes(wanted) ? wanted : NEWEST,
    capabilities: { tools: {} },
    serverInfo: { name: "holdfast", version: "1" },
    instructions:
      "Each tool is an agent that works in the background. Name the threadId of a result to go on with its conversation.",
  };
  return rpcResult(id, result, { [MCP_SESSION_ID]: randomId() });
}

const TOKEN = z.union([z.string(), z.number()]);
const CALL_TOOL = z.looseObject({
  name: z.string(),
  arguments: z.optional(z.unknown()),
  task: z.optional(z.unknown()),
  _meta: z.optional(z.looseObject({ progressToken: z.optional(TOKEN) })),
});
const ARGUMENTS = z.strictObject({
  query: z.string().refine((text) => text.trim() !== "", "must not be empty"),
  threadId: z.nullish(z.string()),
});

async function callTool(call: Call, { params }: RpcRequest, id: string | number): Promise<Response> {
  const { name, arguments: input, task, _meta: meta } = readParams(params, CALL_TOOL);
  if (task !== undefined) throw rpcRefusal(INVALID_PARAMS, "task: tasks of MCP are not supported.");
  const started = await startCall(call, name, input, id);
  return answerStream(call, {
    run: started,
    request: { id, progressToken: meta?.progressToken },
  });
}

async function startCall(
  { runtime, request }: Call,
  name: string,
  input: unknown,
  id: string | number,
): Promise<StartedRun> {
  const agent = runtime.agents.find(name);
  if (!agent) {
    const known = runtime.agents.all.map((each) => each.name).join(", ");
    throw rpcRefusal(INVALID_PARAMS, `There is no tool ${name}. There are: ${known}.`);
  }
  const { query, threadId } = readParams(input, ARGUMENTS);
  const thread = threadId ? parseConversationReference(threadId) : undefined;
  if (thread?.agent !== undefined && thread.agent !== agent.name.toLowerCase()) {
    throw rpcRefusal(INVALID_PARAMS, `threadId names the agent ${thread.agent}, not ${agent.name}.`);
  }
  const session = sessionOf(request);
  const mark = session === undefined ? undefined : await markOf({ session, id });
  const key = idempotencyKey(request);
  // A key of the client's own leads to its call from other sessions too, and so to its conversation.
  const ownThread = mark === undefined || key !== undefined ? undefined : threadOfMark(mark);
  return startRun(runtime, {
    agent,
    id: mark === undefined ? undefined : runIdOfMark(mark),
    conversation: thread?.id ?? ownThread,
    message: query,
    options: {},
    // The same request of the same session is the same call: its client never heard the answer to the first.
    idempotencyKey: key ?? (mark === undefined ? undefined : `mcp:${mark}`),
  });
}

async function answerStream(call: Call, place: AnswerPlace): Promise<Response> {
  const { runtime, request } = call;
  const run = await describeRun(runtime, place.run.conversation, place.run.run);
  return projectedStream(call, {
    run,
    projection: createMcpProjection(place.request),
    idPrefix: idPrefixOf(place),
    // Clients of older revisions take an event without data for a message.
    primed: request.headers.get(PROTOCOL_VERSION) === NEWEST && !request.headers.has(LAST_EVENT_ID),
    resume: "/mcp",
    headers: { [CONVERSATION_ID]: run.conversation },
  });
}

/** `GET` with the id of an answer's newest event: the answer goes on. Without one there is nothing to listen to. */
async function resumeAnswer(call: Call): Promise<Response> {
  const foreign = refuseForeignOrigin(call);
  if (foreign) return foreign;
  requireVersion(call.request);
  const lastEventId = call.request.headers.get(LAST_EVENT_ID);
  if (lastEventId === null || lastEventId === "") {
    throw new AgentError("method_not_allowed", "There is no stream but the answers to calls.", {
      details: { allow: "POST" },
    });
  }
  return answerStream(call, answerPlaceIn(lastEventId));
}

const CANCELLED = z.looseObject({
  requestId: z.optional(TOKEN),
  reason: z.optional(z.string().max(1000)),
});

/** A connection that breaks cancels nothing; being told does. */
async function takeNotification(
  { runtime, request }: Call,
  { method, params }: RpcRequest,
): Promise<Response> {
  if (method !== "notifications/cancelled") return accepted();
  const { requestId, reason } = readParams(params, CANCELLED);
  const session = sessionOf(request);
  if (session === undefined || requestId === undefined) return accepted();
  const found = await runOfMark(runtime, await markOf({ session, id: requestId }));
  if (found) await cancelRuns(runtime, found.conversation, reason, found.run);
  return accepted();
}

const NUMBERS: Partial<Record<ErrorCode, number>> = {
  invalid_request: INVALID_PARAMS,
  invalid_id: INVALID_PARAMS,
  conversation_of_another_agent: INVALID_PARAMS,
  idempotency_key_reused: INVALID_PARAMS,
};

function rpcErrorOf({ code, message, details }: AgentError) {
  const { rpc } = details;
  const number = typeof rpc === "number" ? rpc : (NUMBERS[code] ?? INTERNAL_ERROR);
  return { code: number, message, data: { code } };
}

/** Of what is no request: with the status, since there is no id by which a client would know the answer. */
function mcpErrorResponse(error: AgentError): Response {
  const { allow } = error.details;
  const body = { jsonrpc: "2.0", id: null, error: rpcErrorOf(error) };
  return jsonResponse(errorStatus(error.code), body, typeof allow === "string" ? { allow } : {});
}
