import { isSettled } from "../../core/index.ts";
import type { ConversationId } from "../../core/index.ts";
import { conversationNotFound } from "../../ports/index.ts";
import { uiMessageOfInput, uiMessagesOfRecord } from "../../projections/ai-sdk/index.ts";
import type { UiMessage } from "../../projections/ai-sdk/index.ts";
import { describeRun } from "../../runtime/index.ts";
import { ordinalIn } from "../ordinal-in.ts";
import type { Call } from "../route.ts";
import { versionOf } from "./chat-stream.ts";

/** A chat as a page needs it to begin: what was said, and whether there is a stream to resume. */
export interface ChatHistory {
  readonly id: ConversationId;
  readonly agent: string;
  /** Whether a run has not ended: resuming shows its answer, which is not among the messages. */
  readonly active: boolean;
  readonly messages: readonly UiMessage[];
  /** The `before` of the page that comes before this one; null on the first. */
  readonly before: number | null;
}

/** How many runs a page has, unless the request says otherwise, and at most. */
const PAGE = 50;
const MAX_PAGE = 200;

/** The newest runs of a chat, or those before an earlier page, in order. Throws `conversation_not_found`. */
export async function chatHistory({ runtime, url }: Call, id: ConversationId): Promise<ChatHistory> {
  const { store } = runtime;
  const version = versionOf(url);
  const limit = Math.min(ordinalIn(url, "limit") ?? PAGE, MAX_PAGE);
  const conversation = await store.conversation(id);
  if (!conversation) throw conversationNotFound(id);
  const end = Math.min(ordinalIn(url, "before") ?? Number.POSITIVE_INFINITY, conversation.runs + 1);
  const from = Math.max(1, end - limit);
  const records = new Map((await store.history(id, { from, limit })).map((record) => [record.run, record]));
  const messages: UiMessage[] = [];
  for (let run = from; run < end; run++) {
    const record = records.get(run);
    if (record) messages.push(...uiMessagesOfRecord(id, record, version));
    else messages.push(uiMessageOfInput(id, await describeRun(runtime, id, run)));
  }
  const active = !isSettled(conversation);
  return { id, agent: conversation.agent, active, messages, before: from > 1 ? from : null };
}
