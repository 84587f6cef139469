import { AgentError } from "./error.ts";

declare const CONVERSATION_ID: unique symbol;

/** Names a conversation: 1 to 128 characters of `A-Z a-z 0-9 . _ : @ -`. */
export type ConversationId = string & { readonly [CONVERSATION_ID]: true };

const PATTERN = /^[A-Za-z0-9._:@-]{1,128}$/;
const ENTITY_FORM = /^@dafx-([^@]+)@(.+)$/;

/** What a conversation id from outside names: the conversation, and its agent where the id says so. */
export interface ConversationReference {
  readonly id: ConversationId;
  /** From the durable-entity form only, in lower case: agents are matched by it without regard to case. */
  readonly agent: string | undefined;
}

/**
 * Reads a conversation id from outside, bare or in the durable-entity form `@dafx-<agent>@<key>`, which names `<key>`.
 * Throws `invalid_id` for anything else.
 */
export function parseConversationReference(text: string): ConversationReference {
  const entity = ENTITY_FORM.exec(text);
  const agent = entity?.[1];
  const id = entity?.[2] ?? text;
  const halfEntityForm = entity === null && text.startsWith("@dafx-");
  if (halfEntityForm || !PATTERN.test(id) || (agent !== undefined && !PATTERN.test(agent))) {
    throw new AgentError(
      "invalid_id",
      "A conversation id is 1 to 128 characters of A-Z a-z 0-9 . _ : @ - (or @dafx-<agent>@<key>).",
      { details: { field: "conversation_id" } },
    );
  }
  return { id: id as ConversationId, agent: agent?.toLowerCase() };
}

/** The durable-entity form of a conversation's id, as the header `x-conversation-id` carries it. */
export function entityForm(agent: string, id: ConversationId): string {
  return `@dafx-${agent.toLowerCase()}@${id}`;
}

/** 128 random bits in hex: a new conversation, run or approval. */
export function randomId(): string {
  return crypto.randomUUID().replaceAll("-", "");
}

export function randomConversationId(): ConversationId {
  return randomId() as ConversationId;
}
