import { AgentError } from "../../core/index.ts";
import { parseResponseId } from "../../projections/openai-responses/index.ts";
import { conversationNotFound } from "../../ports/index.ts";
import { awaitRun, cancelRuns, recordOfRun } from "../../runtime/index.ts";
import { jsonResponse } from "../json-response.ts";
import type { Call, Route } from "../route.ts";
import { createResponse } from "./create-response.ts";
import { inputItemsPage } from "./input-items.ts";
import { getModel, listModels } from "./models.ts";
import { newRequestId, openAiRefusal, refusal, REQUEST_ID } from "./openai-error.ts";
import { currentResponse, responseStream, runOfResponse } from "./response-of-run.ts";

/** OpenAI's Responses API in background mode, and its list of models: agents, by another name. */
export const OPENAI_ROUTES: readonly Route[] = [
  route("POST", "/v1/responses", createResponse),
  route("GET", "/v1/responses/{id}", getResponse),
  route("DELETE", "/v1/responses/{id}", deleteResponse),
  route("POST", "/v1/responses/{id}/cancel", cancelResponse),
  route("GET", "/v1/responses/{id}/input_items", getInputItems),
  route("GET", "/v1/models", listModels),
  route("GET", "/v1/models/{model}", getModel),
];

function route(method: Route["method"], path: string, handle: Route["handle"]): Route {
  return {
    method,
    path,
    refuse: openAiRefusal,
    async handle(call) {
      const response = await handle(call);
      if (!response.headers.has(REQUEST_ID)) response.headers.set(REQUEST_ID, newRequestId());
      return response;
    },
  };
}

async function getResponse(call: Call): Promise<Response> {
  const { runtime, url, parameter } = call;
  const place = parseResponseId(parameter("id"));
  const run = await runOfResponse(runtime, place);
  const startingAfter = sequenceNumber(url.searchParams.get("starting_after"));
  if (url.searchParams.get("stream") !== "true") {
    return jsonResponse(200, await currentResponse(runtime, run, place.part));
  }
  // A part that its run has not come to is refused rather than waited for.
  if (place.part > 1) await currentResponse(runtime, run, place.part);
  return responseStream(call, run, place.part, startingAfter);
}

function sequenceNumber(text: string | null): number | undefined {
  if (text === null) return undefined;
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw refusal("starting_after", "invalid_value", "starting_after is the sequence_number of an event.");
}

/** How long a cancellation waits to be able to say that the run has ended, in milliseconds. */
const CANCEL_WAIT_MS = 10_000;

async function cancelResponse(call: Call): Promise<Response> {
  const { runtime, request, settings, parameter } = call;
  const { part, ...place } = parseResponseId(parameter("id"));
  const run = await runOfResponse(runtime, { ...place, part });
  if (!(await recordOfRun(runtime, place.conversation, place.run))) {
    await cancelRuns(runtime, place.conversation, undefined, place.run);
    const patience = AbortSignal.timeout(CANCEL_WAIT_MS);
    const signal = AbortSignal.any([patience, request.signal, settings.closing]);
    await awaitRun(runtime, place.conversation, place.run, signal);
  }
  return jsonResponse(200, await currentResponse(runtime, run, part));
}

/** A conversation is kept or deleted as a whole: what was said after a response builds on it. */
async function deleteResponse({ runtime, parameter }: Call): Promise<Response> {
  const id = parameter("id");
  const { conversation: conversationId, run } = parseResponseId(id);
  const conversation = await runtime.store.conversation(conversationId);
  if (!conversation || conversation.runs < run) throw responseNotFound(id);
  if (conversation.runs > 1) {
    throw refusal(
      "response_id",
      "response_of_conversation",
      `${id} is one of ${conversation.runs} responses of its conversation, which can only be deleted together: DELETE /api/conversations/${conversationId}.`,
    );
  }
  if (!(await runtime.store.delete(conversationId))) throw conversationNotFound(conversationId);
  await runtime.engine.interrupt(conversationId);
  return jsonResponse(200, { id, object: "response.deleted", deleted: true });
}

function responseNotFound(id: string): AgentError {
  return new AgentError("run_not_found", `There is no response ${id}.`);
}

async function getInputItems({ runtime, url, parameter }: Call): Promise<Response> {
  const run = await runOfResponse(runtime, parseResponseId(parameter("id")));
  return jsonResponse(200, inputItemsPage(run, url.searchParams));
}
