import type { RawRequest } from "./raw-client.ts";

/** How large a body the servers of these tests take. */
export const MAX_BODY_BYTES = 1000;
const RUN = "/api/agents/Script/run";
const json = (body: unknown, path = RUN): RawRequest => post(JSON.stringify(body), "application/json", path);
const header = (name: string, value: string): RawRequest => ({
  ...post("Hello"),
  headers: { [name]: value },
});

export function post(
  body: RawRequest["body"] & {},
  type: string = "text/plain",
  path: string = RUN,
): RawRequest {
  return { method: "POST", path, body, headers: { "content-type": type } };
}

/** `{id}` stands for a conversation of Script that has ended. */
export interface BadInput {
  readonly what: string;
  readonly request: RawRequest;
  readonly status: number;
  readonly code: string;
  /** What else the error, or the headers, must say. */
  readonly error?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, unknown>>;
}

function bad(
  what: string,
  request: RawRequest | string,
  status: number,
  code: string,
  rest: Pick<BadInput, "error" | "headers"> = {},
): BadInput {
  return { what, request: typeof request === "string" ? { path: request } : request, status, code, ...rest };
}

/** An `invalid_request` that names the field. */
function field(what: string, request: RawRequest | string, name: string, code = "invalid_request"): BadInput {
  return bad(what, request, 400, code, { error: { field: name } });
}

const STREAM = "/api/agent/stream/{id}";
const LONG_ID = "x".repeat(129);

export const BAD_INPUTS: readonly BadInput[] = [
  field("an empty text message", post(""), "message"),
  field("a blank text message", post(" \r\n\t\u00a0\ufeff"), "message"),
  field("an empty JSON message", json({ message: "" }), "message"),
  field("a blank JSON message", json({ message: "\n " }), "message"),
  field("no message", json({}), "message"),
  field("an empty JSON body", post("", "application/json"), "body"),
  field("a body that is not JSON", post("{message", "application/json"), "body"),
  field("JSON that is no object", json(["message"]), "body"),
  field("null", json(null), "body"),
  field("a message that is no text", json({ message: 7 }), "message"),
  field("a thread id that is no text", json({ message: "m", thread_id: 7 }), "thread_id"),
  field(
    "a wish to use tools that is no yes or no",
    json({ message: "m", enable_tool_calls: "yes" }),
    "enable_tool_calls",
  ),
  field(
    "a wish to wait that is no yes or no",
    json({ message: "m", wait_for_response: 1 }),
    "wait_for_response",
  ),
  field(
    "a wish to wait in the query that is no yes or no",
    post("m", "text/plain", `${RUN}?wait_for_response=x`),
    "wait_for_response",
  ),
  field(
    "a wish to wait in a header that is no yes or no",
    header("x-ms-wait-for-response", "maybe"),
    "x-ms-wait-for-response",
  ),
  field("metadata that is no object", json({ message: "m", metadata: "m" }), "metadata"),
  field("an unknown response format", json({ message: "m", response_format: "xml" }), "response_format"),
  field(
    "an unknown type of response format",
    json({ message: "m", response_format: { type: "xml" } }),
    "response_format",
  ),
  field(
    "a schema that is none",
    json({ message: "m", response_format: { type: "json_schema", schema: 7 } }),
    "response_format",
  ),
  field(
    "a format by schema without one",
    json({ message: "m", response_format: { type: "json_schema" } }),
    "response_format.schema",
  ),
  field("an empty idempotency key", header("idempotency-key", ""), "Idempotency-Key"),
  field("a long idempotency key", header("idempotency-key", "k".repeat(256)), "Idempotency-Key"),
  field(
    "two conversations at once",
    json({ message: "m", thread_id: "a", conversation_id: "b" }),
    "conversation_id",
  ),
  field(
    "a bad thread id in the body",
    json({ message: "m", thread_id: "a b" }),
    "conversation_id",
    "invalid_id",
  ),
  field(
    "a long conversation id in the body",
    json({ message: "m", conversation_id: LONG_ID }),
    "conversation_id",
    "invalid_id",
  ),
  field(
    "a bad conversation id in a header",
    header("x-conversation-id", "a/b"),
    "conversation_id",
    "invalid_id",
  ),
  field(
    "a bad conversation id in the query",
    post("m", "text/plain", `${RUN}?thread_id=a%00b`),
    "conversation_id",
    "invalid_id",
  ),
  field("a bad conversation id in the path", "/api/agent/stream/a%20b", "conversation_id", "invalid_id"),
  field("a path out of the path", "/api/agent/stream/..%2f..%2fetc", "conversation_id", "invalid_id"),
  field(
    "a long conversation id in the path",
    `/api/agents/Script/run/${LONG_ID}`,
    "conversation_id",
    "invalid_id",
  ),
  field("a bad conversation id in the history", "/api/conversations/a%20b", "conversation_id", "invalid_id"),
  field("a run that is no ordinal", `${STREAM}?run=first`, "run"),
  field("run 0", `${STREAM}?run=0`, "run"),
  field("a run past all numbers", `${STREAM}?run=99999999999999999999`, "run"),
  field("unknown events", `${STREAM}?events=some`, "events"),
  field("a follow that is no yes or no", `${STREAM}?follow=maybe`, "follow"),
  field("a limit that is no number", "/api/conversations?limit=x", "limit"),
  field("a limit of 0", "/api/conversations?limit=0", "limit"),
  field("a negative limit", "/api/conversations/{id}?limit=-1", "limit"),
  field("a from of 0", "/api/conversations/{id}?from=0", "from"),
  field(
    "an answer to an approval that says neither yes nor no",
    json({ reason: "r" }, "/api/agents/Script/run/{id}/approvals/1:2:c"),
    "approved",
  ),
  field(
    "a cancel body that is not JSON",
    post("stop", "application/json", "/api/agents/Script/run/{id}/cancel"),
    "body",
  ),
  ...["x", "1", "1-", "-1", "1-2-3", "1.5-0", "01-0", "99999999999999999999-0", "%zz", "1-0%0a"].map(
    (cursor) => bad(`the malformed cursor ${cursor}`, `${STREAM}?cursor=${cursor}`, 400, "invalid_cursor"),
  ),
  bad(
    "a malformed Last-Event-ID",
    { path: STREAM, headers: { "last-event-id": "abc" } },
    400,
    "invalid_cursor",
  ),
  bad("a cursor beyond the log", `${STREAM}?cursor=1-99999`, 410, "cursor_beyond_log", {
    error: { history: "/api/conversations/{id}" },
  }),
  bad("a cursor of an attempt to come", `${STREAM}?cursor=7-0`, 410, "cursor_beyond_log"),
  bad("a run that was never asked for", `${STREAM}?run=2`, 404, "run_not_found"),
  bad("a body over the limit", post("x".repeat(MAX_BODY_BYTES + 1)), 413, "body_too_large", {
    error: { max_bytes: MAX_BODY_BYTES },
  }),
  bad("a chunked body over the limit", post(["x".repeat(600), "y".repeat(600)]), 413, "body_too_large"),
  bad(
    "a cancel body over the limit",
    post("x".repeat(MAX_BODY_BYTES + 1), "application/json", "/api/agents/Script/run/{id}/cancel"),
    413,
    "body_too_large",
  ),
  bad("an unknown agent", post("m", "text/plain", "/api/agents/Nobody/run"), 404, "agent_not_found"),
  bad(
    "an unknown agent of the query",
    post("m", "text/plain", "/api/agent/create?agent=Nobody"),
    404,
    "agent_not_found",
  ),
  bad("an unknown agent of a listing", "/api/conversations?agent=Nobody", 404, "agent_not_found"),
  bad("the stream of an unknown conversation", "/api/agent/stream/nobody", 404, "conversation_not_found"),
  bad(
    "the status of an unknown conversation",
    "/api/agents/Script/run/nobody",
    404,
    "conversation_not_found",
  ),
  bad("the history of an unknown conversation", "/api/conversations/nobody", 404, "conversation_not_found"),
  bad(
    "deleting an unknown conversation",
    { method: "DELETE", path: "/api/conversations/nobody" },
    404,
    "conversation_not_found",
  ),
  bad(
    "cancelling an unknown conversation",
    { method: "POST", path: "/api/agents/Script/run/nobody/cancel" },
    404,
    "conversation_not_found",
  ),
  bad(
    "an unknown approval",
    json({ approved: true }, "/api/agents/Script/run/{id}/approvals/1:2:c"),
    404,
    "approval_not_found",
  ),
  bad(
    "an approval of rubbish",
    json({ approved: true }, "/api/agents/Script/run/{id}/approvals/%20"),
    404,
    "approval_not_found",
  ),
  bad(
    "a message to another agent's conversation",
    json({ message: "m", thread_id: "{id}" }, "/api/agents/Other/run"),
    409,
    "conversation_of_another_agent",
  ),
  bad(
    "the status of another agent's conversation",
    "/api/agents/Other/run/{id}",
    409,
    "conversation_of_another_agent",
  ),
  bad(
    "a cancel of another agent's conversation",
    { method: "POST", path: "/api/agents/Other/run/{id}/cancel" },
    409,
    "conversation_of_another_agent",
  ),
  bad(
    "an entity id of another agent",
    json({ message: "m", thread_id: "@dafx-other@{id}" }),
    409,
    "conversation_of_another_agent",
  ),
  bad(
    "a stream under another agent's name",
    "/api/agent/stream/@dafx-other@{id}",
    409,
    "conversation_of_another_agent",
  ),
  bad(
    "an unacceptable stream",
    { path: STREAM, headers: { accept: "application/json" } },
    406,
    "not_acceptable",
  ),
  bad(
    "a stream of which nothing is wanted",
    { path: STREAM, headers: { accept: "*/*;q=0" } },
    406,
    "not_acceptable",
  ),
  bad(
    "an unacceptable stream of a new run",
    { ...post("m", "text/plain", "/api/agent/create"), headers: { accept: "image/png" } },
    406,
    "not_acceptable",
  ),
  bad("a form", post("message=m", "application/x-www-form-urlencoded"), 415, "unsupported_media_type"),
  bad("a picture", post("m", "image/png"), 415, "unsupported_media_type"),
  bad("GET where a run is started", RUN, 405, "method_not_allowed", { headers: { allow: "POST, OPTIONS" } }),
  bad("DELETE of a stream", { method: "DELETE", path: STREAM }, 405, "method_not_allowed", {
    headers: { allow: "GET, HEAD, OPTIONS" },
  }),
  bad(
    "PUT of a conversation",
    { method: "PUT", path: "/api/conversations/{id}", body: "{}" },
    405,
    "method_not_allowed",
    { headers: { allow: "GET, HEAD, DELETE, OPTIONS" } },
  ),
  bad("TRACE", { method: "TRACE", path: "/api/health" }, 405, "method_not_allowed", {
    headers: { allow: "GET, HEAD, OPTIONS" },
  }),
  bad("a path with nothing there", "/api/nothing", 404, "route_not_found"),
  bad("a path of empty segments", "//api//", 404, "route_not_found"),
  bad("a path that looks like a host", "//example.com/api/health", 404, "route_not_found"),
  bad("an empty host in the path", "//", 404, "route_not_found"),
  bad(
    "OPTIONS of a path with nothing there",
    { method: "OPTIONS", path: "/api/nothing" },
    404,
    "route_not_found",
  ),
  bad(
    "percent-encoding rubbish for an agent",
    post("m", "text/plain", "/api/agents/%zz/run"),
    400,
    "invalid_request",
  ),
  bad("percent-encoding rubbish for a conversation", "/api/agent/stream/%e0%a4%a", 400, "invalid_request"),
];
