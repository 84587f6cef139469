import { AgentError, parseConversationReference } from "../../core/index.ts";
import type { Conversation, ConversationId, RunOptions } from "../../core/index.ts";
import { BEGINNING, progressAfter, responseId } from "../../projections/openai-responses/index.ts";
import type { ApprovalPlace, ResponsePlace } from "../../projections/openai-responses/index.ts";
import { answerApprovals, recordOfRun, runEntries } from "../../runtime/index.ts";
import type { Agent, RunDescription, Runtime } from "../../runtime/index.ts";
import { findAgent } from "../conversation-of-call.ts";
import { jsonResponse } from "../json-response.ts";
import { readBody } from "../read-body.ts";
import type { Call } from "../route.ts";
import { idempotencyKey } from "../routes/run-routes.ts";
import { clientTry } from "./client-tries.ts";
import { readCreateRequest } from "./create-request.ts";
import type { CreateRequest } from "./create-request.ts";
import type { InputItem, Verdict } from "./read-input.ts";
import { openAiError, refusal } from "./openai-error.ts";
import { whatIsSaid } from "./what-is-said.ts";
import { currentResponse, finishedResponse, responseStream, runOfResponse } from "./response-of-run.ts";
import { startOnce } from "./start-once.ts";

/** Starts a run, or answers what one waits for, and gives the response that comes of it. */
export async function createResponse(call: Call): Promise<Response> {
  const { request, runtime, settings } = call;
  const arrivedAt = runtime.now();
  const body = await readBody(request, settings.maxBodyBytes);
  const wanted = readCreateRequest(body);
  const verdicts = wanted.input.filter((item): item is InputItem & Verdict => item.kind === "verdict");
  const place = answersOnly(wanted.input)
    ? await goOnAfter(runtime, wanted, verdicts)
    : await begin(call, wanted, verdicts, { body, arrivedAt });
  return answer(call, wanted, place);
}

/** Whether a person answers, and says nothing more: what comes before an answer has been said already. */
function answersOnly(input: readonly InputItem[]): boolean {
  return input.findLast(({ kind }) => kind === "verdict" || kind === "message")?.kind === "verdict";
}

async function begin(
  call: Call,
  wanted: CreateRequest,
  verdicts: readonly Verdict[],
  { body, arrivedAt }: { readonly body: string; readonly arrivedAt: number },
): Promise<ResponsePlace> {
  const { runtime, request } = call;
  const key = idempotencyKey(request);
  const tried = await clientTry(request, body, { key, arrivedAt });
  const { agent, id, conversation } = await target(runtime, wanted);
  const started = await startOnce(runtime, {
    agent,
    conversation: id,
    follows: wanted.previous?.run,
    tried,
    idempotencyKey: key,
    async request() {
      const { message, preceding, instructions } = await whatIsSaid(runtime, wanted.input, conversation);
      await answerWhatWaits(runtime, verdicts);
      return { message, preceding, options: optionsOf(wanted, instructions), metadata: wanted.metadata };
    },
  });
  return { conversation: started.conversation, run: started.run, part: 1 };
}

function optionsOf(wanted: CreateRequest, more: readonly string[]): RunOptions {
  const { instructions, responseFormat, enableToolCalls } = wanted;
  const all = [...(instructions === undefined ? [] : [instructions]), ...more].filter((text) => text !== "");
  return {
    ...(responseFormat && { responseFormat }),
    ...(enableToolCalls !== undefined && { enableToolCalls }),
    ...(all.length > 0 && { instructions: all.join("\n\n") }),
  };
}

interface Target {
  readonly agent: Agent;
  /** Undefined: a new conversation. */
  readonly id: ConversationId | undefined;
  readonly conversation: Conversation | undefined;
}

async function target(runtime: Runtime, wanted: CreateRequest): Promise<Target> {
  const { previous, conversation: named } = wanted;
  const reference = named === undefined ? undefined : parseConversationReference(named);
  const id = previous?.conversation ?? reference?.id;
  const conversation = id && (await runtime.store.conversation(id));
  if (previous && (conversation?.runs ?? 0) < previous.run) {
    throw new AgentError("run_not_found", "There is no such previous response.", {
      details: { field: "previous_response_id", code: "previous_response_not_found" },
    });
  }
  return { agent: agentFor(runtime, wanted.model ?? reference?.agent, conversation), id, conversation };
}

function agentFor(
  { agents }: Runtime,
  named: string | undefined,
  conversation: Conversation | undefined,
): Agent {
  const agent =
    named === undefined && conversation === undefined
      ? agents.first
      : findAgent(agents, named ?? conversation?.agent ?? "");
  if (conversation && conversation.agent !== agent.name) {
    throw new AgentError(
      "conversation_of_another_agent",
      `The conversation belongs to the agent ${conversation.agent}.`,
    );
  }
  return agent;
}

/**
 * A person's answers that come with a new message: what has been answered long ago is no mistake. Those to one conversation
 * are given at once, or its run would go on with the first and wait again for the next.
 */
async function answerWhatWaits(runtime: Runtime, verdicts: readonly Verdict[]): Promise<void> {
  const waiting = new Map<ConversationId, Verdict[]>();
  for (const verdict of verdicts) {
    const { conversation, run } = verdict.place;
    const known = await runtime.store.conversation(conversation);
    if (!known || (await recordOfRun(runtime, conversation, run))) continue;
    waiting.set(conversation, [...(waiting.get(conversation) ?? []), verdict]);
  }
  for (const [conversation, all] of waiting) {
    await answerApprovals(runtime, conversation, all.map(verdictOf));
  }
}

/** Nothing is started: the run that waited goes on, as its next response. */
async function goOnAfter(
  runtime: Runtime,
  wanted: CreateRequest,
  verdicts: readonly (InputItem & Verdict)[],
): Promise<ResponsePlace> {
  const [first] = verdicts;
  if (!first) throw refusal("input", "invalid_value", "input has no item.");
  const { conversation, run } = first.place;
  const other = verdicts.find(({ place }) => place.conversation !== conversation || place.run !== run);
  if (other) throw refusal(other.param, "invalid_value", "Answer the requests of one response at a time.");
  const named = wanted.previous?.conversation ?? wanted.conversation;
  if (named !== undefined && parseConversationReference(named).id !== conversation) {
    throw refusal(first.param, "approval_not_found", "The request for leave is of another conversation.");
  }
  const known = await runtime.store.conversation(conversation);
  if (known) agentFor(runtime, wanted.model, known);
  await answerApprovals(runtime, conversation, verdicts.map(verdictOf));
  const place = { conversation, run };
  return {
    ...place,
    part: await partAfter(
      runtime,
      verdicts.map((each) => each.place),
    ),
  };
}

function verdictOf({ place, approved, reason }: Verdict): Parameters<typeof answerApprovals>[2][number] {
  return { approvalId: place.approvalId, approved, reason };
}

/** The response that a person's answers bring on: where the run has heard of them, or will. */
async function partAfter(runtime: Runtime, places: readonly ApprovalPlace[]): Promise<number> {
  const [first] = places;
  if (!first) return 1;
  const answered = new Set(places.map(({ approvalId }) => approvalId));
  let progress = BEGINNING;
  try {
    for await (const event of runEntries(runtime, first.conversation, first.run)) {
      progress = progressAfter(progress, event);
      if (event.type === "approval-response" && answered.has(event.approvalId)) return progress.at;
    }
  } catch (error) {
    // Once the entries are gone, one response tells all of the run.
    if (AgentError.from(error).code !== "stream_expired") throw error;
    return 1;
  }
  return progress.isParked ? progress.at + 1 : progress.at;
}

/** By now the run is accepted, or goes on: a client that asks again is given the same. */
async function answer(call: Call, wanted: CreateRequest, place: ResponsePlace): Promise<Response> {
  const run = await runOfResponse(call.runtime, place);
  if (wanted.stream) return responseStream(call, run, place.part);
  if (wanted.background) return jsonResponse(200, await currentResponse(call.runtime, run, place.part));
  return finished(call, run, place.part);
}

async function finished(call: Call, run: RunDescription, part: number): Promise<Response> {
  const { runtime, request, settings } = call;
  const patience = AbortSignal.timeout(runtime.limits.waitForResponseMs);
  const signal = AbortSignal.any([patience, request.signal, settings.closing]);
  const response = await finishedResponse(runtime, run, part, signal);
  if (response) return jsonResponse(200, response);
  const id = responseId({ conversation: run.conversation, run: run.run, part });
  return openAiError({
    // Not 408, which other clients repeat without saying so: that would start another run.
    status: 425,
    message: `The response ${id} is still in progress. Retrieve it later, stream it, or create it with background: true.`,
    param: null,
    code: "response_in_progress",
    // The next try finds the same run, and waits on.
    mayHelp: true,
  });
}
