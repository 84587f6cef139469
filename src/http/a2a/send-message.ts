import { AgentError } from "../../core/index.ts";
import { A2A_METADATA, isTaskParked, isTerminal } from "../../projections/a2a/index.ts";
import type { OpeningPlace } from "../../projections/index.ts";
import { answerApprovals, describeRun, startRun } from "../../runtime/index.ts";
import type { Agent, RunDescription } from "../../runtime/index.ts";
import { INVALID_PARAMS, rpcRefusal } from "../json-rpc.ts";
import type { Call } from "../route.ts";
import { idempotencyKey } from "../routes/run-routes.ts";
import { UNSUPPORTED_OPERATION } from "./a2a-error.ts";
import { verdictsOf } from "./message.ts";
import type { SentMessage } from "./message.ts";
import { currentTask, runOfTask } from "./task-of-run.ts";

/** What came of a message: the run that it began or goes on with, and where its stream begins. */
export interface Sent {
  readonly run: RunDescription;
  readonly place: OpeningPlace;
}

/**
 * Any other message id is taken for a name of the client's own: it tells repeats apart within a context, and nothing outside
 * of one, where another client may have the same.
 */
const UNIQUE_ID = /^[\da-f]{8}-?(?:[\da-f]{4}-?){3}[\da-f]{12}$/i;

/** Begins a task with a message, or answers what a task asks. */
export async function sendMessage(call: Call, agent: Agent, message: SentMessage): Promise<Sent> {
  return message.taskId === undefined
    ? beginTask(call, agent, message)
    : answerTask(call, agent, message, message.taskId);
}

async function beginTask(call: Call, agent: Agent, message: SentMessage): Promise<Sent> {
  const { runtime, request } = call;
  const { messageId, context, text, metadata } = message;
  if (message.verdicts.length > 0) {
    throw rpcRefusal(INVALID_PARAMS, "message.taskId: say which task asked for the approval.");
  }
  if (text.trim() === "") throw rpcRefusal(INVALID_PARAMS, "message.parts: the message must not be empty.");
  if (context?.agent !== undefined && context.agent !== agent.name.toLowerCase()) {
    throw new AgentError(
      "conversation_of_another_agent",
      `The contextId names the agent ${context.agent}, the request the agent ${agent.name}.`,
    );
  }
  const isUnique = context !== undefined || UNIQUE_ID.test(messageId);
  const started = await startRun(runtime, {
    agent,
    conversation: context?.id,
    message: text,
    options: {},
    metadata: { [A2A_METADATA]: { messageId, ...(metadata && { metadata }) } },
    idempotencyKey: idempotencyKey(request) ?? (isUnique ? `a2a:${messageId}` : undefined),
  });
  const run = await describeRun(runtime, started.conversation, started.run);
  // Who sends a message again is told how its task stands, not what has been withdrawn since.
  const at = started.repeated ? (await currentTask(runtime, run)).tip : undefined;
  return { run, place: { at, resumed: false } };
}

async function answerTask(
  { runtime }: Call,
  agent: Agent,
  message: SentMessage,
  taskId: string,
): Promise<Sent> {
  const run = await runOfTask(runtime, agent, taskId);
  if (message.context && message.context.id !== run.conversation) {
    throw rpcRefusal(INVALID_PARAMS, "message.contextId: the task is of another context.");
  }
  const { task, tip } = await currentTask(runtime, run);
  if (isTerminal(task)) {
    throw rpcRefusal(
      UNSUPPORTED_OPERATION,
      "The task has ended: go on with a message of its context, without taskId.",
    );
  }
  if (!isTaskParked(task) && message.verdicts.length === 0) {
    throw rpcRefusal(
      UNSUPPORTED_OPERATION,
      "The task is at work and asks nothing: a message of its context, without taskId, is its next turn.",
    );
  }
  const asked = task.pending.map(({ approvalId }) => approvalId);
  await answerApprovals(runtime, run.conversation, verdictsOf(message, asked));
  return { run, place: { at: tip, resumed: isTaskParked(task) } };
}
