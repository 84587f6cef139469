import { CONVERSATION_ID } from "../../protocol/index.ts";
import { cancelRuns, conversationReport } from "../../runtime/index.ts";
import { existingConversation } from "../conversation-of-call.ts";
import { jsonResponse } from "../json-response.ts";
import type { Call, Route } from "../route.ts";
import { chatErrorResponse } from "./chat-error.ts";
import { chatHistory } from "./chat-history.ts";
import { readChatRequest } from "./chat-request.ts";
import { versionOf } from "./chat-stream.ts";
import { continueRun } from "./continue-run.ts";
import { resumeChat } from "./resume-chat.ts";
import { sendMessage } from "./send-message.ts";
import { isStreamName, parseStreamName } from "./stream-name.ts";

/** What the AI SDK's chat transports ask of `/api/chat`, and what an app adds to them: history and stop. */
export const AI_SDK_ROUTES: readonly Route[] = [
  { method: "POST", path: "/api/chat", handle: postChat, refuse: chatErrorResponse },
  { method: "GET", path: "/api/chat/{id}", handle: getChat, refuse: chatErrorResponse },
  { method: "GET", path: "/api/chat/{id}/stream", handle: resumeChat, refuse: chatErrorResponse },
  { method: "POST", path: "/api/chat/{id}/stop", handle: postStop, refuse: chatErrorResponse },
];

async function postChat(call: Call): Promise<Response> {
  // Refused before anything is started.
  const version = versionOf(call.url);
  const chat = await readChatRequest(call.request, call.settings.maxBodyBytes);
  return chat.kind === "message" ? sendMessage(call, chat, version) : continueRun(call, chat, version);
}

async function getChat(call: Call): Promise<Response> {
  const id = await existingConversation(call, call.parameter("id"));
  return jsonResponse(200, await chatHistory(call, id), { [CONVERSATION_ID]: id });
}

async function postStop(call: Call): Promise<Response> {
  const { runtime, parameter } = call;
  const name = parameter("id");
  // Of a stream, its own run: the one after it is somebody's next question.
  const { conversation: id, run } = isStreamName(name)
    ? parseStreamName(name)
    : { conversation: await existingConversation(call, name), run: undefined };
  await cancelRuns(runtime, id, "The user stopped it.", run);
  const { status } = await conversationReport(runtime, id);
  return jsonResponse(202, { id, status }, { [CONVERSATION_ID]: id });
}
