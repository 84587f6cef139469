import * as z from "zod";
import { AgentError, parseConversationReference } from "../../core/index.ts";
import { conversationNotFound } from "../../ports/index.ts";
import { createA2aProjection, isTerminal } from "../../projections/a2a/index.ts";
import type { TaskStateName } from "../../projections/a2a/index.ts";
import { openedAt } from "../../projections/index.ts";
import type { OpeningPlace } from "../../projections/index.ts";
import { CONVERSATION_ID, runName } from "../../protocol/index.ts";
import { awaitRun, cancelRuns, describeRun } from "../../runtime/index.ts";
import type { Agent, RunDescription } from "../../runtime/index.ts";
import {
  INVALID_REQUEST,
  METHOD_NOT_FOUND,
  readParams,
  readRpcRequest,
  rpcRefusal,
  rpcResult,
} from "../json-rpc.ts";
import type { RequestId, RpcRequest } from "../json-rpc.ts";
import { openingPlaceIn, openingPlaceQuery, untilParked } from "../opening-place.ts";
import { projectedStream } from "../projected-stream.ts";
import { readBody } from "../read-body.ts";
import type { Call, Route } from "../route.ts";
import {
  a2aErrorResponse,
  EXTENDED_CARD_NOT_CONFIGURED,
  PUSH_NOT_SUPPORTED,
  TASK_NOT_CANCELABLE,
  UNSUPPORTED_OPERATION,
  VERSION_NOT_SUPPORTED,
} from "./a2a-error.ts";
import { agentCard, agentOfPath } from "./agent-card.ts";
import { readMessage } from "./message.ts";
import { sendMessage } from "./send-message.ts";
import { currentTask, runOfTask, taskAnswer, taskSettles } from "./task-of-run.ts";

/** Agent2Agent 1.0 over JSON-RPC: runs as tasks, conversations as contexts. */
export const A2A_ROUTES: readonly Route[] = [
  { method: "GET", path: "/.well-known/agent-card.json", handle: agentCard },
  { method: "GET", path: "/a2a/{agent}/.well-known/agent-card.json", handle: agentCard },
  { method: "POST", path: "/a2a", handle: postRpc, refuse: a2aErrorResponse },
  { method: "POST", path: "/a2a/{agent}", handle: postRpc, refuse: a2aErrorResponse },
  { method: "GET", path: "/a2a/{agent}/tasks/{task}/stream", handle: resumeStream },
];

interface Asked {
  readonly call: Call;
  readonly agent: Agent;
  readonly id: RequestId;
  readonly params: unknown;
}

type Method = (asked: Asked) => Promise<Response>;

const METHODS: Readonly<Record<string, Method>> = {
  SendMessage: sendBlocking,
  SendStreamingMessage: sendStreaming,
  GetTask: getTask,
  ListTasks: listTasks,
  CancelTask: cancelTask,
  SubscribeToTask: subscribeToTask,
  GetExtendedAgentCard: refused(EXTENDED_CARD_NOT_CONFIGURED, "There is one card for everybody."),
  CreateTaskPushNotificationConfig: refusedPush(),
  GetTaskPushNotificationConfig: refusedPush(),
  ListTaskPushNotificationConfigs: refusedPush(),
  DeleteTaskPushNotificationConfig: refusedPush(),
};

async function postRpc(call: Call): Promise<Response> {
  const agent = agentOfPath(call);
  const rpc = readRpcRequest(await readBody(call.request, call.settings.maxBodyBytes));
  try {
    requireVersion(call.request);
    return await methodOf(rpc)({ call, agent, id: rpc.id ?? null, params: rpc.params });
  } catch (cause) {
    const error = AgentError.from(cause);
    // What nobody foresaw is logged on its way out.
    if (error.code === "internal_error") throw error;
    return a2aErrorResponse(error, rpc.id ?? null);
  }
}

/** A2A 1.0 §3.6: a version that is not served is refused. Requests that name none are in the only form there is. */
function requireVersion({ headers }: Request): void {
  const version = headers.get("a2a-version")?.trim() ?? "";
  if (version === "" || /^1(?:\.|$)/.test(version)) return;
  throw rpcRefusal(VERSION_NOT_SUPPORTED, `A2A ${version} is not supported: A2A-Version is 1.0.`);
}

function methodOf({ id, method }: RpcRequest): Method {
  if (id === undefined)
    throw rpcRefusal(INVALID_REQUEST, "A2A knows no notifications: give the request an id.");
  const known = Object.hasOwn(METHODS, method) ? METHODS[method] : undefined;
  if (known) return known;
  throw rpcRefusal(
    METHOD_NOT_FOUND,
    `There is no method ${method}. There are: ${Object.keys(METHODS).join(", ")}.`,
  );
}

function refused(rpc: number, message: string): Method {
  return async () => {
    throw rpcRefusal(rpc, message);
  };
}

function refusedPush(): Method {
  return refused(PUSH_NOT_SUPPORTED, "Push notifications are not supported: subscribe to the task.");
}

async function sendBlocking({ call, agent, id, params }: Asked): Promise<Response> {
  const { runtime, request, settings } = call;
  const message = readMessage(params);
  const { run, place } = await sendMessage(call, agent, message);
  if (!message.returnImmediately) {
    const patience = AbortSignal.timeout(runtime.limits.waitForResponseMs);
    const signal = AbortSignal.any([patience, request.signal, settings.closing]);
    await taskSettles(runtime, run, place, signal);
  }
  const { task } = await currentTask(runtime, run);
  return rpcResult(id, { task: taskAnswer(task, message) }, { [CONVERSATION_ID]: run.conversation });
}

async function sendStreaming({ call, agent, id, params }: Asked): Promise<Response> {
  const { run, place } = await sendMessage(call, agent, readMessage(params));
  return taskStream(call, agent, { run, place, id });
}

const TASK_PARAMS = z.looseObject({
  id: z.string(),
  historyLength: z.nullish(z.int().min(0)),
});

async function getTask({ call, agent, id, params }: Asked): Promise<Response> {
  const { id: taskId, historyLength } = readParams(params, TASK_PARAMS);
  const run = await runOfTask(call.runtime, agent, taskId);
  const { task } = await currentTask(call.runtime, run);
  return rpcResult(id, taskAnswer(task, { historyLength: historyLength ?? undefined }));
}

const MAX_PAGE = 100;
const DEFAULT_PAGE = 50;
/** How many tasks are looked at for a page: one of few matches is short, and says where to go on. */
const MAX_LOOKED_AT = 500;
const LIST_PARAMS = z.looseObject({
  contextId: z.string("the tasks of one context are listed at a time: name it").min(1),
  status: z.nullish(z.string()),
  statusTimestampAfter: z.nullish(z.iso.datetime({ offset: true })),
  pageSize: z.nullish(z.int().min(1).max(MAX_PAGE)),
  pageToken: z.nullish(z.string().regex(/^(?:\d{1,9})?$/, "the nextPageToken of the page before")),
  historyLength: z.nullish(z.int().min(0)),
  includeArtifacts: z.nullish(z.boolean()),
});

/** The tasks of a context, the newest first. */
async function listTasks({ call: { runtime }, agent, id, params }: Asked): Promise<Response> {
  const wanted = readParams(params, LIST_PARAMS);
  const { id: contextId } = parseConversationReference(wanted.contextId);
  const conversation = await runtime.store.conversation(contextId);
  if (!conversation || conversation.agent !== agent.name) throw conversationNotFound(contextId);
  const pageSize = wanted.pageSize ?? DEFAULT_PAGE;
  const after = wanted.statusTimestampAfter ? Date.parse(wanted.statusTimestampAfter) : 0;
  const tasks: unknown[] = [];
  let next = wanted.pageToken ? Number(wanted.pageToken) : conversation.runs;
  const last = Math.max(0, next - MAX_LOOKED_AT);
  for (; next > last && tasks.length < pageSize; next--) {
    const run = await describeRun(runtime, contextId, next);
    const { task } = await currentTask(runtime, run);
    if (!hasStatus(task.state, wanted.status) || task.at < after) continue;
    tasks.push(
      taskAnswer(task, {
        historyLength: wanted.historyLength ?? undefined,
        artifacts: wanted.includeArtifacts ?? false,
      }),
    );
  }
  return rpcResult(id, {
    tasks,
    nextPageToken: next > 0 ? String(next) : "",
    pageSize,
    totalSize: conversation.runs,
  });
}

function hasStatus(state: TaskStateName, wanted: string | null | undefined): boolean {
  return !wanted || wanted === "TASK_STATE_UNSPECIFIED" || wanted === state;
}

/** How long a cancellation waits to be able to say that the run has ended, in milliseconds. */
const CANCEL_WAIT_MS = 10_000;

async function cancelTask({ call, agent, id, params }: Asked): Promise<Response> {
  const { runtime, request, settings } = call;
  const { id: taskId } = readParams(params, TASK_PARAMS);
  const run = await runOfTask(runtime, agent, taskId);
  if (isTerminal((await currentTask(runtime, run)).task)) {
    throw rpcRefusal(TASK_NOT_CANCELABLE, `The task ${taskId} has ended.`);
  }
  await cancelRuns(runtime, run.conversation, undefined, run.run);
  const patience = AbortSignal.timeout(CANCEL_WAIT_MS);
  const signal = AbortSignal.any([patience, request.signal, settings.closing]);
  await awaitRun(runtime, run.conversation, run.run, signal);
  return rpcResult(id, taskAnswer((await currentTask(runtime, run)).task, {}));
}

async function subscribeToTask({ call, agent, id, params }: Asked): Promise<Response> {
  const { id: taskId } = readParams(params, TASK_PARAMS);
  const run = await runOfTask(call.runtime, agent, taskId);
  const { task, tip } = await currentTask(call.runtime, run);
  if (isTerminal(task)) {
    throw rpcRefusal(UNSUPPORTED_OPERATION, `The task ${taskId} has ended: get it with GetTask.`);
  }
  return taskStream(call, agent, { run, place: { at: tip, resumed: false }, id });
}

/** `GET`: where a stream that was cut goes on, under the id of the request that it answers. */
async function resumeStream(call: Call): Promise<Response> {
  const agent = agentOfPath(call);
  const run = await runOfTask(call.runtime, agent, call.parameter("task"));
  return taskStream(call, agent, { run, place: openingPlaceIn(call.url), id: requestIdIn(call.url) });
}

function requestIdIn({ searchParams }: URL): RequestId {
  const text = searchParams.get("id") ?? "null";
  const parsed = ID.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new AgentError("invalid_request", "id is the id of the JSON-RPC request, as JSON.", {
    details: { field: "id" },
  });
}

const ID = z
  .string()
  .max(300)
  .regex(/^(?:null|-?\d{1,15}|"[^]*")$/)
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue("not JSON");
      return z.NEVER;
    }
  })
  .pipe(z.union([z.string(), z.number(), z.null()]));

interface TaskStream {
  readonly run: RunDescription;
  readonly place: OpeningPlace;
  readonly id: RequestId;
}

function taskStream(call: Call, agent: Agent, { run, place, id }: TaskStream): Promise<Response> {
  const projection = createA2aProjection(id);
  const query = new URLSearchParams({ id: JSON.stringify(id), ...openingPlaceQuery(place) });
  const path = `/a2a/${encodeURIComponent(agent.name)}/tasks/${runName(run)}/stream`;
  return projectedStream(call, {
    run,
    projection: openedAt(projection, place),
    // Artifacts are replaced where something is withdrawn: what was written can be told as it was.
    withdrawn: true,
    until: untilParked(projection, run, place, "goes-on"),
    resume: `${path}?${query.toString()}`,
    headers: { [CONVERSATION_ID]: run.conversation },
  });
}
