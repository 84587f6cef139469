import { AgentError } from "../../core/index.ts";
import type { Conversation, ConversationId, JsonObject, Message } from "../../core/index.ts";
import {
  AG_UI_METADATA,
  agUiMessageId,
  createAgUiProjection,
  eventsOfRecord,
  messagesOfInput,
  messagesOfRecord,
  systemMessages,
} from "../../projections/ag-ui/index.ts";
import type { AgUiReader } from "../../projections/ag-ui/index.ts";
import { openedAt } from "../../projections/index.ts";
import type { OpeningPlace } from "../../projections/index.ts";
import { CONVERSATION_ID, encodeSseEvent, LAST_EVENT_ID, runName, SSE_END } from "../../protocol/index.ts";
import { answerApprovals, describeRun, recordOfRun, startRun } from "../../runtime/index.ts";
import type { Agent, RunDescription, Runtime, StartedRun } from "../../runtime/index.ts";
import { conversationOfCall, findAgent } from "../conversation-of-call.ts";
import { foldRun } from "../fold-run.ts";
import { openingPlaceIn, openingPlaceQuery, untilParked } from "../opening-place.ts";
import { ordinalIn } from "../ordinal-in.ts";
import { projectedStream } from "../projected-stream.ts";
import { readBody } from "../read-body.ts";
import type { Call, Route } from "../route.ts";
import { idempotencyKey } from "../routes/run-routes.ts";
import { readRunInput } from "./run-input.ts";
import type { RunInput, SaidMessage } from "./run-input.ts";

/** AG-UI: threads are conversations. */
export const AG_UI_ROUTES: readonly Route[] = [
  { method: "POST", path: "/ag-ui/{agent}", handle: runAgent },
  { method: "GET", path: "/ag-ui/{agent}/{thread}", handle: connectAgent },
];

/** What a stream is of, and what its client calls it. */
interface Watched {
  readonly run: RunDescription;
  readonly place: OpeningPlace;
  readonly threadId: string;
  readonly runId: string;
}

const BEGINNING: OpeningPlace = { at: undefined, resumed: false };

async function runAgent(call: Call): Promise<Response> {
  const { runtime, request, settings } = call;
  const agent = agentOfPath(call);
  const input = readRunInput(await readBody(request, settings.maxBodyBytes));
  const conversation = await threadOf(runtime, agent, input);
  const { run, place } =
    input.verdicts.length > 0
      ? await answerInterrupts(runtime, conversation, input)
      : ((await knownRun(runtime, conversation, input)) ??
        (await beginRun(call, agent, conversation, input)));
  return runStream(call, { run, place, threadId: input.threadId, runId: input.runId });
}

function agentOfPath({ runtime, parameter }: Call): Agent {
  return findAgent(runtime.agents, parameter("agent"));
}

async function threadOf(
  runtime: Runtime,
  agent: Agent,
  { thread }: RunInput,
): Promise<Conversation | undefined> {
  const conversation = await runtime.store.conversation(thread.id);
  const owner = conversation?.agent.toLowerCase() ?? thread.agent;
  if (owner === undefined || owner === agent.name.toLowerCase()) return conversation;
  throw new AgentError(
    "conversation_of_another_agent",
    `The thread belongs to the agent ${conversation?.agent ?? thread.agent}.`,
  );
}

type Placed = Pick<Watched, "run" | "place">;

/** Gives a parked run a person's answers; its stream begins where it goes on. */
async function answerInterrupts(
  runtime: Runtime,
  conversation: Conversation | undefined,
  { verdicts, threadId }: RunInput,
): Promise<Placed> {
  if (!conversation) {
    throw new AgentError("conversation_not_found", `There is no thread ${threadId}.`);
  }
  const waiting = await newestStarted(runtime, conversation);
  const { tip, parked } = await standing(runtime, waiting);
  await answerApprovals(runtime, conversation.id, verdicts);
  return { run: waiting, place: { at: tip, resumed: parked } };
}

/** The run that was begun last: those after it wait for it. */
async function newestStarted(runtime: Runtime, { id, runs, inbox }: Conversation): Promise<RunDescription> {
  const waiting = inbox.filter(({ kind }) => kind === "run").length;
  return describeRun(runtime, id, Math.max(1, runs - waiting));
}

async function standing(
  runtime: Runtime,
  run: RunDescription,
): Promise<{ readonly tip: OpeningPlace["at"]; readonly parked: boolean }> {
  const projection = createAgUiProjection({ threadId: "", runId: "", before: [] });
  const { state, tip } = await foldRun(runtime, projection, run).catch((error: unknown) => {
    // Long over: its record tells it.
    if (AgentError.from(error).code !== "stream_expired") throw error;
    return { ...projection.start(run), tip: undefined };
  });
  return { tip, parked: projection.isParked(state) };
}

/**
 * The run that a client asks for again: it has sent the message before, or says nothing new. Undefined when the message is
 * new.
 */
async function knownRun(
  runtime: Runtime,
  conversation: Conversation | undefined,
  { said }: RunInput,
): Promise<Placed | undefined> {
  if (!conversation) return undefined;
  const newest = await describeRun(runtime, conversation.id, conversation.runs);
  const isSame = said === undefined || !said.isLast || agUiMessageId(newest) === said.id;
  if (!isSame) return undefined;
  const { tip } = await standing(runtime, newest);
  return { run: newest, place: { at: tip, resumed: false } };
}

async function beginRun(
  { runtime, request }: Call,
  agent: Agent,
  conversation: Conversation | undefined,
  { thread, runId, said, system, instructions, forwardedProps }: RunInput,
): Promise<Placed> {
  if (!said?.isLast) {
    throw new AgentError("invalid_request", "The last of messages is the user's.", {
      details: { field: "messages" },
    });
  }
  // A thread that is known here knows what was said in it.
  const preceding = await precedingOf(runtime, conversation, said);
  const started = await startRun(runtime, {
    agent,
    conversation: thread.id,
    message: said.text,
    options: instructions === undefined ? {} : { instructions },
    metadata: {
      [AG_UI_METADATA]: {
        messageId: said.id,
        ...(forwardedProps !== undefined && { forwardedProps }),
        ...(system.length > 0 && { system: system.map((message) => ({ ...message })) }),
        ...(preceding.length > 0 && { preceding: preceding.map(({ id }) => id) }),
      },
    },
    preceding: preceding.length === 0 ? undefined : preceding.map(({ message }): Message => message),
    idempotencyKey: idempotencyKey(request) ?? `ag-ui:${runId}`,
  });
  const run = await describeRun(runtime, started.conversation, started.run);
  return { run, place: await placeOf(runtime, run, started) };
}

/** Who asks again is shown how the run stands, not what has been withdrawn since. */
async function placeOf(
  runtime: Runtime,
  run: RunDescription,
  { repeated }: StartedRun,
): Promise<OpeningPlace> {
  return repeated ? { at: (await standing(runtime, run)).tip, resumed: false } : BEGINNING;
}

/** A repeat of the request that began a thread brings the same along. */
async function precedingOf(
  runtime: Runtime,
  conversation: Conversation | undefined,
  { preceding, id }: SaidMessage,
): Promise<SaidMessage["preceding"]> {
  if (!conversation) return preceding;
  if (conversation.runs > 1) return [];
  return agUiMessageId(await describeRun(runtime, conversation.id, 1)) === id ? preceding : [];
}

/** `GET`: the newest run of a thread as it stands and goes on, or the stream that an address names. */
async function connectAgent(call: Call): Promise<Response> {
  const { runtime, url } = call;
  const threadId = call.parameter("thread");
  const conversation = await conversationOfCall(call, threadId, agentOfPath(call));
  const wanted = ordinalIn(url, "run");
  const run = await describeRun(runtime, conversation.id, wanted ?? conversation.runs);
  const runId = url.searchParams.get("runId") ?? runName(run);
  const place =
    wanted === undefined ? { at: (await standing(runtime, run)).tip, resumed: false } : openingPlaceIn(url);
  return runStream(call, { run, place, threadId, runId });
}

async function runStream(call: Call, watched: Watched): Promise<Response> {
  const { run, threadId, runId } = watched;
  const reader = { threadId, runId, before: await messagesBefore(call.runtime, run) };
  return liveStream(call, reader, watched).catch(async (error: unknown) => {
    const isGone =
      AgentError.from(error).code === "stream_expired" && !call.request.headers.has(LAST_EVENT_ID);
    const record = isGone ? await recordOfRun(call.runtime, run.conversation, run.run) : undefined;
    if (!record) throw error;
    return eventsResponse(eventsOfRecord(reader, run, record), run.conversation);
  });
}

async function liveStream(call: Call, reader: AgUiReader, { run, place }: Watched): Promise<Response> {
  const { threadId, runId } = reader;
  const projection = createAgUiProjection(reader);
  const query = new URLSearchParams({ run: String(run.run), runId, ...openingPlaceQuery(place) });
  const path = `/ag-ui/${encodeURIComponent(run.agent)}/${encodeURIComponent(threadId)}`;
  return projectedStream(call, {
    run,
    projection: openedAt(projection, place),
    // A snapshot of the messages takes back what is withdrawn: what was written can be told as it was.
    withdrawn: true,
    until: untilParked(projection, run, place, "ends"),
    resume: `${path}?${query.toString()}`,
    headers: { [CONVERSATION_ID]: run.conversation },
  });
}

/** A stream that is whole already. */
function eventsResponse(events: readonly JsonObject[], conversation: ConversationId): Response {
  const frames = events.map((event, index) =>
    encodeSseEvent({ id: String(index), data: JSON.stringify(event) }),
  );
  return new Response(frames.join("") + SSE_END, {
    headers: {
      "content-type": "text/event-stream",
      "cache-control": "no-cache, no-transform",
      [CONVERSATION_ID]: conversation,
    },
  });
}

/** How many of the runs before are told in full: a client drops from its list what no snapshot has. */
const MAX_RUNS_TOLD = 200;

async function messagesBefore(runtime: Runtime, run: RunDescription): Promise<readonly JsonObject[]> {
  const from = Math.max(1, run.run - MAX_RUNS_TOLD);
  const records = run.run === 1 ? [] : await earlierRecords(runtime, run.conversation, from, run.run);
  return [
    ...systemMessages(run),
    ...records.flatMap((record) => messagesOfRecord(run.conversation, record)),
    ...messagesOfInput(run.conversation, run),
  ];
}

async function earlierRecords(runtime: Runtime, id: ConversationId, from: number, before: number) {
  const records = await runtime.store.history(id, { from, limit: before - from });
  return records.filter((record) => record.run < before);
}
