import { AgentError } from "../../core/index.ts";
import type { Conversation, ConversationId, JsonObject, Message } from "../../core/index.ts";
import { messageIdOf, UI_MESSAGE_METADATA } from "../../projections/ai-sdk/index.ts";
import type { AiSdkVersion } from "../../projections/ai-sdk/index.ts";
import { CONVERSATION_ID, runName, WORKFLOW_RUN_ID } from "../../protocol/index.ts";
import { answerApprovals, describeRun, startRun } from "../../runtime/index.ts";
import type { Agent, StartedRun } from "../../runtime/index.ts";
import { findAgent } from "../conversation-of-call.ts";
import type { Call } from "../route.ts";
import { idempotencyKey } from "../routes/run-routes.ts";
import { chatErrorResponse } from "./chat-error.ts";
import type { SentMessage } from "./chat-request.ts";
import { chatStream, projectionOf } from "./chat-stream.ts";
import { runSoFar } from "./run-so-far.ts";

const NOBODY: ReadonlySet<string> = new Set();

/** Begins a run with the user's message, or finds the one that it has begun before, and streams it. */
export async function sendMessage(call: Call, chat: SentMessage, version: AiSdkVersion): Promise<Response> {
  const { runtime } = call;
  const conversation = chat.chat && (await runtime.store.conversation(chat.chat.id));
  const started = await beginRun(call, chat, conversation);
  const headers = {
    [CONVERSATION_ID]: started.conversation,
    [WORKFLOW_RUN_ID]: runName(started),
  };
  // The run is accepted by now: also an answer that cannot stream says which it is.
  try {
    await giveVerdicts(call, started.conversation, chat.verdicts);
    const run = await describeRun(runtime, started.conversation, started.run);
    const soFar = started.repeated ? await runSoFar(runtime, projectionOf(version), run) : undefined;
    return await chatStream(call, {
      run,
      version,
      from: 0,
      counts: chat.counts,
      answered: soFar?.answered ?? NOBODY,
    });
  } catch (error) {
    runtime.logger.warn(
      { conversation: started.conversation, error },
      "could not stream a run that was started",
    );
    return chatErrorResponse(AgentError.from(error), headers);
  }
}

/** Answers that come along with a message. It matters more than an answer to a run that has ended meanwhile. */
async function giveVerdicts(
  { runtime }: Call,
  conversation: ConversationId,
  verdicts: SentMessage["verdicts"],
): Promise<void> {
  if (verdicts.length === 0) return;
  await answerApprovals(runtime, conversation, verdicts).catch((error: unknown) => {
    if (AgentError.from(error).code !== "approval_not_found") throw error;
  });
}

async function beginRun(
  call: Call,
  chat: SentMessage,
  conversation: Conversation | undefined,
): Promise<StartedRun> {
  const { runtime, request } = call;
  const { text, messageId } = chat;
  const preceding = await precedingOf(call, chat, conversation);
  // Message ids are unique in their chat only.
  const ownKey = chat.chat && messageId !== undefined ? `${UI_MESSAGE_METADATA}:${messageId}` : undefined;
  return startRun(runtime, {
    agent: agentFor(call, chat, conversation),
    conversation: chat.chat?.id,
    message: text,
    options: {},
    metadata: metadataOf(chat),
    preceding: preceding.length === 0 ? undefined : preceding,
    idempotencyKey: idempotencyKey(request) ?? ownKey,
  }).catch((error: unknown) => {
    throw ownKey === undefined ? error : withoutEdits(error);
  });
}

/** A message that comes again with another text was edited by its user, who never heard of a key. */
function withoutEdits(error: unknown): AgentError {
  const known = AgentError.from(error);
  if (known.code !== "idempotency_key_reused") return known;
  const message = "This message was sent before with another content: what was said stays. Send a new one.";
  return new AgentError(known.code, message, { cause: known });
}

/**
 * What a client knows of a chat that we do not: it becomes part of the conversation with its first run here. A repeat of
 * that run's request brings the same along.
 */
async function precedingOf(
  { runtime }: Call,
  { preceding, messageId }: SentMessage,
  conversation: Conversation | undefined,
): Promise<readonly Message[]> {
  if (!conversation) return preceding();
  if (conversation.runs > 1 || messageId === undefined) return [];
  const first = await describeRun(runtime, conversation.id, 1);
  return messageIdOf(first) === messageId ? preceding() : [];
}

function agentFor(
  { runtime, url }: Call,
  { agent, chat }: SentMessage,
  conversation: Conversation | undefined,
): Agent {
  const named = agent ?? url.searchParams.get("agent") ?? chat?.agent ?? conversation?.agent;
  const found = named === undefined ? runtime.agents.first : findAgent(runtime.agents, named);
  if (chat?.agent === undefined || chat.agent === found.name.toLowerCase()) return found;
  throw new AgentError(
    "conversation_of_another_agent",
    `The chat's id names the agent ${chat.agent}, the request the agent ${found.name}.`,
  );
}

function metadataOf({ messageId, metadata }: SentMessage): JsonObject | undefined {
  if (messageId === undefined && metadata === undefined) return undefined;
  return {
    [UI_MESSAGE_METADATA]: {
      ...(messageId !== undefined && { messageId }),
      ...(metadata !== undefined && { metadata }),
    },
  };
}
