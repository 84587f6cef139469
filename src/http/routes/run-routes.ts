import type * as z from "zod";
import { AgentError, normalizeText, parseConversationReference } from "../../core/index.ts";
import type { RunRecord } from "../../core/index.ts";
import { CONVERSATION_ID, IDEMPOTENCY_KEY, statusPath, streamPath, THREAD_ID } from "../../protocol/index.ts";
import { answerApproval, awaitRun, cancelRuns, conversationReport, startRun } from "../../runtime/index.ts";
import type { Agent, StartedRun } from "../../runtime/index.ts";
import { checkShape } from "../check-shape.ts";
import { agentOf, conversationIdFor, existingConversation } from "../conversation-of-call.ts";
import { statusToJson } from "../conversation-json.ts";
import { jsonResponse } from "../json-response.ts";
import { requestBodies } from "../on-demand.ts";
import { parseJson } from "../parse-json.ts";
import { readBody } from "../read-body.ts";
import type { Call, Route } from "../route.ts";
import { readRunRequest } from "../run-request.ts";
import type { RunRequestBody } from "../run-request.ts";

/** Starting runs, and what one may ask of a run. */
export const RUN_ROUTES: readonly Route[] = [
  { method: "POST", path: "/api/agents/{name}/run", handle: postRun },
  { method: "GET", path: "/api/agents/{name}/run/{id}", handle: getStatus },
  { method: "POST", path: "/api/agents/{name}/run/{id}/cancel", handle: postCancel },
  { method: "POST", path: "/api/agents/{name}/run/{id}/approvals/{approval}", handle: postApproval },
];

/** Starts the run that a request asks for, of the agent given or of the one that its conversation id names. */
export async function startRequestedRun(
  call: Call,
  agent: Agent,
): Promise<{ readonly body: RunRequestBody; readonly started: StartedRun }> {
  const { request, url, runtime, settings } = call;
  const body = await readRunRequest(request, url, settings.maxBodyBytes);
  const started = await startRun(runtime, {
    agent,
    conversation: body.conversation === undefined ? undefined : conversationIdFor(body.conversation, agent),
    message: body.message,
    options: {
      ...(body.responseFormat && { responseFormat: body.responseFormat }),
      ...(body.enableToolCalls !== undefined && { enableToolCalls: body.enableToolCalls }),
    },
    metadata: body.metadata,
    idempotencyKey: idempotencyKey(request),
  });
  return { body, started };
}

async function postRun(call: Call): Promise<Response> {
  const agent = agentOf(call);
  const { body, started } = await startRequestedRun(call, agent);
  const headers = {
    [CONVERSATION_ID]: started.conversation,
    [THREAD_ID]: started.conversation,
    location: streamPath(started.conversation, started.run),
    "content-location": statusPath(agent.name, started.conversation),
  };
  const accepted = {
    message: normalizeText(body.message),
    conversation_id: started.conversation,
    thread_id: started.conversation,
    correlation_id: started.id,
    run: started.run,
  };
  if (!body.waitForResponse) {
    const response = "Agent request accepted";
    return jsonResponse(202, { status: "accepted", response, ...accepted }, headers);
  }
  // Whatever goes wrong with the waiting, the run is accepted: a client that heard an error would start another.
  const record = await waitForAnswer(call, started).catch((error: unknown) => {
    call.runtime.logger.warn({ conversation: started.conversation, error }, "could not wait for an answer");
    return undefined;
  });
  if (!record) {
    const response = "The agent is still at work; follow the stream or ask for the status.";
    return jsonResponse(202, { status: "timeout", response, ...accepted }, headers);
  }
  return jsonResponse(200, { ...answerOf(record), ...accepted }, headers);
}

async function waitForAnswer(call: Call, started: StartedRun): Promise<RunRecord | undefined> {
  const { runtime, request, settings } = call;
  const patience = AbortSignal.timeout(runtime.limits.waitForResponseMs);
  const signal = AbortSignal.any([patience, request.signal, settings.closing]);
  return awaitRun(runtime, started.conversation, started.run, signal);
}

const ANSWER_STATUS: Record<RunRecord["status"], string> = {
  completed: "success",
  incomplete: "incomplete",
  failed: "failed",
  cancelled: "cancelled",
};

function answerOf(record: RunRecord): Record<string, unknown> {
  return {
    status: ANSWER_STATUS[record.status],
    response: record.text,
    usage: { input_tokens: record.usage.inputTokens, output_tokens: record.usage.outputTokens },
    error: record.error,
    reason: record.reason,
  };
}

async function getStatus(call: Call): Promise<Response> {
  const id = await existingConversation(call, call.parameter("id"), agentOf(call));
  return jsonResponse(200, statusToJson(await conversationReport(call.runtime, id)));
}

async function postCancel(call: Call): Promise<Response> {
  const id = await existingConversation(call, call.parameter("id"), agentOf(call));
  const { CANCEL_BODY } = await requestBodies();
  const { reason } = await readJson(call, CANCEL_BODY);
  await cancelRuns(call.runtime, id, reason ?? undefined);
  return jsonResponse(202, statusToJson(await conversationReport(call.runtime, id)));
}

async function postApproval(call: Call): Promise<Response> {
  const id = await existingConversation(call, call.parameter("id"), agentOf(call));
  const { APPROVAL_BODY } = await requestBodies();
  const { approved, reason } = await readJson(call, APPROVAL_BODY);
  await answerApproval(call.runtime, id, call.parameter("approval"), {
    approved,
    reason: reason ?? undefined,
  });
  return jsonResponse(202, statusToJson(await conversationReport(call.runtime, id)));
}

/** Reads a small JSON body; an absent one counts as `{}`. */
async function readJson<Shape>({ request, settings }: Call, schema: z.ZodType<Shape>): Promise<Shape> {
  const text = await readBody(request, settings.maxBodyBytes);
  const value = text.trim() === "" ? {} : parseJson(text);
  return checkShape(schema, value, (field, message) => {
    return new AgentError("invalid_request", message, { details: { field } });
  });
}

/** How long a key may be. */
const MAX_IDEMPOTENCY_KEY = 255;

/** The key of a request that may come again. Throws `invalid_request`. */
export function idempotencyKey(request: Request): string | undefined {
  const key = request.headers.get(IDEMPOTENCY_KEY) ?? undefined;
  if (key !== undefined && (key === "" || key.length > MAX_IDEMPOTENCY_KEY)) {
    throw new AgentError(
      "invalid_request",
      `An Idempotency-Key has 1 to ${MAX_IDEMPOTENCY_KEY} characters.`,
      {
        details: { field: "Idempotency-Key" },
      },
    );
  }
  return key;
}

/** The agent that a conversation id names in the durable-entity form, if it does. */
export function agentNamedBy(conversation: string | null): string | undefined {
  return conversation === null ? undefined : parseConversationReference(conversation).agent;
}
