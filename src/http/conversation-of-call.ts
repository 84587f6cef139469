import { AgentError, parseConversationReference } from "../core/index.ts";
import type { Conversation, ConversationId, ConversationReference } from "../core/index.ts";
import { conversationNotFound } from "../ports/index.ts";
import type { Agent } from "../runtime/index.ts";
import type { Call } from "./route.ts";

/** The agent that the path names. Throws `agent_not_found`. */
export function agentOf({ runtime, parameter }: Call): Agent {
  return findAgent(runtime.agents, parameter("name"));
}

export function findAgent(agents: Call["runtime"]["agents"], name: string): Agent {
  const agent = agents.find(name);
  if (agent) return agent;
  const known = agents.all.map((each) => each.name).join(", ");
  throw new AgentError("agent_not_found", `There is no agent ${name}. There are: ${known}.`);
}

/** Reads a conversation id; when it names an agent too, that must be the one expected. */
export function conversationIdFor(text: string, agent: Agent): ConversationId {
  return referenceFor(text, agent).id;
}

function referenceFor(text: string, agent: Agent | undefined): ConversationReference {
  const reference = parseConversationReference(text);
  if (agent && reference.agent !== undefined && reference.agent !== agent.name.toLowerCase()) {
    throw new AgentError(
      "conversation_of_another_agent",
      `The conversation id names the agent ${reference.agent}, the request the agent ${agent.name}.`,
    );
  }
  return reference;
}

/** The id of the conversation of the path, when it is there and belongs to the agent, or to the one that its id names. */
export async function existingConversation(call: Call, text: string, agent?: Agent): Promise<ConversationId> {
  return (await conversationOfCall(call, text, agent)).id;
}

/** The same with all that is known of it. */
export async function conversationOfCall(
  { runtime }: Call,
  text: string,
  agent?: Agent,
): Promise<Conversation> {
  const { id, agent: named } = referenceFor(text, agent);
  const conversation = await runtime.store.conversation(id);
  if (!conversation) throw conversationNotFound(id);
  const expected = agent?.name.toLowerCase() ?? named;
  if (expected !== undefined && conversation.agent.toLowerCase() !== expected) {
    throw new AgentError(
      "conversation_of_another_agent",
      `The conversation belongs to the agent ${conversation.agent}.`,
      { details: { agent: conversation.agent } },
    );
  }
  return conversation;
}
