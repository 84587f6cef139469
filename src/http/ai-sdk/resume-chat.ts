import { AgentError, isSettled } from "../../core/index.ts";
import type { Conversation } from "../../core/index.ts";
import { CONVERSATION_ID, WORKFLOW_STREAM_TAIL_INDEX } from "../../protocol/index.ts";
import { describeRun } from "../../runtime/index.ts";
import { conversationOfCall } from "../conversation-of-call.ts";
import { flagIn } from "../flag-in.ts";
import type { Call } from "../route.ts";
import { chatStream, projectionOf, versionOf } from "./chat-stream.ts";
import type { ChatStream } from "./chat-stream.ts";
import { runSoFar } from "./run-so-far.ts";
import { isStreamName, parseStreamName } from "./stream-name.ts";
import type { StreamPlace } from "./stream-name.ts";

/**
 * `GET /api/chat/{id}/stream`. Of a chat: its newest run from the first chunk, or 204 when that has ended. Of a stream, by
 * the name that its answer carried: where the client says that it is, ended or not.
 */
export async function resumeChat(call: Call): Promise<Response> {
  const { url, parameter } = call;
  const name = parameter("id");
  const how = { version: versionOf(url), startIndex: startIndexOf(url) };
  if (isStreamName(name)) return resumeStream(call, parseStreamName(name), how);
  const { startIndex } = how;
  const replays = startIndex !== undefined || flagIn(url, "replay");
  const conversation = await chatOfCall(call, name);
  if (!conversation || (isSettled(conversation) && !replays)) return nothingActive(conversation);
  const place = { conversation: conversation.id, run: conversation.runs, from: 0 };
  return resumeStream(call, place, how).catch((error: unknown) => {
    // Whoever asks for a replay takes what there is; whoever counts has to hear that it is gone.
    const { code } = AgentError.from(error);
    if (code === "stream_expired" && startIndex === undefined) return nothingActive(conversation);
    throw error;
  });
}

async function resumeStream(
  call: Call,
  place: StreamPlace,
  { version, startIndex }: Pick<ChatStream, "version" | "startIndex">,
): Promise<Response> {
  const { runtime } = call;
  const run = await describeRun(runtime, place.conversation, place.run);
  const { answered, chunks } = await runSoFar(runtime, projectionOf(version), run);
  const available = Math.max(0, chunks - place.from);
  return chatStream(call, {
    run,
    version,
    from: place.from,
    startIndex: startIndex !== undefined && startIndex < 0 ? Math.max(0, available + startIndex) : startIndex,
    counts: startIndex !== undefined,
    answered,
    headers: { ...(startIndex !== undefined && { [WORKFLOW_STREAM_TAIL_INDEX]: String(available - 1) }) },
  });
}

/** A page asks for the stream of a chat that it is only about to begin. */
async function chatOfCall(call: Call, name: string): Promise<Conversation | undefined> {
  return conversationOfCall(call, name).catch((error: unknown) => {
    if (AgentError.from(error).code === "conversation_not_found") return undefined;
    throw error;
  });
}

function nothingActive(conversation: Conversation | undefined): Response {
  return new Response(null, {
    status: 204,
    headers: conversation ? { [CONVERSATION_ID]: conversation.id } : {},
  });
}

/** How many chunks the client has; negative: how many of the newest it wants. */
function startIndexOf({ searchParams }: URL): number | undefined {
  const text = searchParams.get("startIndex");
  if (text === null) return undefined;
  if (/^-?\d{1,12}$/.test(text)) return Number(text);
  throw new AgentError("invalid_request", "startIndex is a whole number: how many chunks the client has.", {
    details: { field: "startIndex" },
  });
}
