import { AgentError } from "../../core/index.ts";
import { conversationNotFound } from "../../ports/index.ts";
import { existingConversation, findAgent } from "../conversation-of-call.ts";
import { instant, recordToJson } from "../conversation-json.ts";
import { jsonResponse } from "../json-response.ts";
import type { Call, Route } from "../route.ts";

/** How many items a page of a listing has, unless the request says otherwise, and at most. */
const PAGE = 50;
const MAX_PAGE = 200;

/** The conversations and their histories. */
export const CONVERSATION_ROUTES: readonly Route[] = [
  { method: "GET", path: "/api/conversations", handle: getConversations },
  { method: "GET", path: "/api/conversations/{id}", handle: getConversation },
  { method: "DELETE", path: "/api/conversations/{id}", handle: deleteConversation },
];

async function getConversations({ runtime, url }: Call): Promise<Response> {
  const { searchParams } = url;
  const agent = searchParams.get("agent");
  const after = searchParams.get("after");
  const { conversations, next } = await runtime.store.list({
    limit: wholeNumber("limit", searchParams.get("limit"), PAGE, MAX_PAGE),
    ...(agent !== null && { agent: findAgent(runtime.agents, agent).name }),
    ...(after !== null && { after }),
  });
  return jsonResponse(200, {
    conversations: conversations.map((conversation) => ({
      conversation_id: conversation.id,
      agent: conversation.agent,
      runs: conversation.runs,
      created_at: instant(conversation.createdAt),
      updated_at: instant(conversation.updatedAt),
    })),
    next: next ?? null,
  });
}

async function getConversation(call: Call): Promise<Response> {
  const { runtime, url, parameter } = call;
  const id = await existingConversation(call, parameter("id"));
  const conversation = await runtime.store.conversation(id);
  if (!conversation) throw conversationNotFound(id);
  const from = wholeNumber("from", url.searchParams.get("from"), 1, Number.MAX_SAFE_INTEGER);
  const limit = wholeNumber("limit", url.searchParams.get("limit"), PAGE, MAX_PAGE);
  const records = await runtime.store.history(id, { from, limit: limit + 1 });
  return jsonResponse(200, {
    conversation_id: id,
    agent: conversation.agent,
    created_at: instant(conversation.createdAt),
    updated_at: instant(conversation.updatedAt),
    cursor: conversation.tip,
    runs: records.slice(0, limit).map(recordToJson),
    next: records[limit]?.run ?? null,
  });
}

async function deleteConversation(call: Call): Promise<Response> {
  const { runtime, parameter } = call;
  const id = await existingConversation(call, parameter("id"));
  if (!(await runtime.store.delete(id))) throw conversationNotFound(id);
  await runtime.engine.interrupt(id);
  return new Response(null, { status: 204 });
}

function wholeNumber(field: string, text: string | null, standard: number, most: number): number {
  if (text === null) return standard;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : 0;
  if (value >= 1) return Math.min(value, most);
  throw new AgentError("invalid_request", `${field} is a whole number from 1.`, { details: { field } });
}
