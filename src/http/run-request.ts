import { AgentError, parseConversationReference } from "../core/index.ts";
import type { JsonObject, ResponseFormat } from "../core/index.ts";
import { CONVERSATION_ID, THREAD_ID, WAIT_FOR_RESPONSE } from "../protocol/index.ts";
import { checkShape } from "./check-shape.ts";
import { requestBodies } from "./on-demand.ts";
import { parseJson } from "./parse-json.ts";
import { readBody } from "./read-body.ts";
import type { RunBody } from "./request-bodies.ts";

/** What a request to run an agent says, whichever way it says it. */
export interface RunRequestBody {
  readonly message: string;
  /** As the client wrote it; absent: a new conversation. */
  readonly conversation: string | undefined;
  readonly responseFormat: ResponseFormat | undefined;
  readonly enableToolCalls: boolean | undefined;
  readonly waitForResponse: boolean;
  readonly metadata: JsonObject | undefined;
}

/**
 * Reads a run request: a bare text body is the message; JSON names its parts. The conversation and the wish to wait may
 * also come in the query or in headers. Throws `invalid_request` naming the field, `unsupported_media_type`,
 * `body_too_large`.
 */
export async function readRunRequest(request: Request, url: URL, maxBytes: number): Promise<RunRequestBody> {
  const body = await parseBody(request, maxBytes);
  if (body.message.trim() === "") throw invalid("message", "The message must not be empty.");
  return {
    message: body.message,
    conversation: oneConversation([
      body.conversation_id,
      body.thread_id,
      url.searchParams.get("conversation_id"),
      url.searchParams.get("thread_id"),
      request.headers.get(CONVERSATION_ID),
      request.headers.get(THREAD_ID),
    ]),
    responseFormat: responseFormat(body.response_format),
    enableToolCalls: body.enable_tool_calls ?? undefined,
    waitForResponse:
      body.wait_for_response ??
      flag("wait_for_response", url.searchParams.get("wait_for_response")) ??
      flag(WAIT_FOR_RESPONSE, request.headers.get(WAIT_FOR_RESPONSE)) ??
      false,
    metadata: body.metadata ?? undefined,
  };
}

async function parseBody(request: Request, maxBytes: number): Promise<RunBody> {
  const type =
    (request.headers.get("content-type") ?? "text/plain").split(";")[0]?.trim().toLowerCase() ?? "";
  if (type === "application/json" || type.endsWith("+json")) {
    const value = parseJson(await readBody(request, maxBytes));
    const { RUN_BODY } = await requestBodies();
    return checkShape(RUN_BODY, value, invalid);
  }
  if (type.startsWith("text/")) return { message: await readBody(request, maxBytes) };
  throw new AgentError(
    "unsupported_media_type",
    `Send the message as text/plain or as application/json, not as ${type}.`,
  );
}

function responseFormat(format: RunBody["response_format"]): ResponseFormat | undefined {
  if (format === null || format === undefined) return undefined;
  if (typeof format === "string") return { type: format };
  if (format.type === "text") return { type: "text" };
  const name = format.name ?? format.json_schema?.name;
  const schema = format.schema ?? format.json_schema?.schema;
  if (format.type === "json_schema" && schema === undefined) {
    throw invalid("response_format.schema", "A response format of type json_schema needs a schema.");
  }
  return { type: "json", ...(name !== undefined && { name }), ...(schema !== undefined && { schema }) };
}

/** The one conversation that the request names, however often and in whichever form. */
function oneConversation(named: readonly (string | null | undefined)[]): string | undefined {
  const given = named.flatMap((text) =>
    text ? [{ text, reference: parseConversationReference(text) }] : [],
  );
  const ids = new Set(given.map(({ reference }) => reference.id));
  const agents = new Set(given.flatMap(({ reference }) => reference.agent ?? []));
  if (ids.size > 1 || agents.size > 1) {
    throw invalid("conversation_id", "The request names more than one conversation.");
  }
  // Where one of the names tells the agent too, it is that one that must fit the request.
  return (given.find(({ reference }) => reference.agent !== undefined) ?? given[0])?.text;
}

function flag(field: string, text: string | null): boolean | undefined {
  if (text === null) return undefined;
  const value = FLAGS[text.toLowerCase()];
  if (value === undefined) throw invalid(field, `${field} is true or false.`);
  return value;
}

const FLAGS: Readonly<Record<string, boolean>> = { true: true, "1": true, false: false, "0": false };

function invalid(field: string, message: string): AgentError {
  return new AgentError("invalid_request", message, { details: { field } });
}
