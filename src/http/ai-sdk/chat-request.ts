import * as z from "zod";
import { AgentError, parseConversationReference } from "../../core/index.ts";
import type { ConversationReference, JsonValue, Message } from "../../core/index.ts";
import { isRunName, parseRunName } from "../../protocol/index.ts";
import type { RunPlace } from "../../protocol/index.ts";
import type { ApprovalVerdict } from "../../runtime/index.ts";
import { checkShape } from "../check-shape.ts";
import { parseJson } from "../parse-json.ts";
import { readBody } from "../read-body.ts";

/** What a chat's POST asks for. */
export type ChatRequest = SentMessage | AnsweredApprovals;

interface AnyRequest {
  /** The conversation; undefined where the client has no name for it yet. */
  readonly chat: ConversationReference | undefined;
  readonly agent: string | undefined;
  /** The client counts the chunks that it is sent, as one does that names no chat. */
  readonly counts: boolean;
  /** A person's answers in the newest message of the agent. */
  readonly verdicts: readonly ApprovalVerdict[];
}

/** The user said something. */
export interface SentMessage extends AnyRequest {
  readonly kind: "message";
  readonly text: string;
  readonly messageId: string | undefined;
  readonly metadata: JsonValue | undefined;
  /** What was said before, as the client tells it. Throws `invalid_request` where an agent could not be told it. */
  readonly preceding: () => readonly Message[];
}

/** The user let the agent use its tools, or did not; the run goes on. */
export interface AnsweredApprovals extends AnyRequest {
  readonly kind: "approvals";
  readonly run: RunPlace;
}

const MAX_MESSAGE_ID = 200;
const MAX_REASON = 1000;

const PART = z.looseObject({ type: z.string() });
const MESSAGE = z.looseObject({
  id: z.optional(z.string().min(1).max(MAX_MESSAGE_ID)),
  role: z.enum(["system", "user", "assistant"]),
  parts: z.array(PART),
});
const BODY = z.looseObject({
  id: z.nullish(z.string()),
  agent: z.nullish(z.string()),
  messages: z.array(MESSAGE).min(1),
  trigger: z.nullish(z.enum(["submit-message", "regenerate-message"])),
});
const RESPONDED = z.object({
  state: z.literal("approval-responded"),
  approval: z.object({
    id: z.string(),
    approved: z.boolean(),
    reason: z.nullish(z.string().max(MAX_REASON)),
  }),
});

type UiMessage = z.infer<typeof MESSAGE>;

/**
 * Reads what a chat transport sends, of any version and whatever it calls its content. Throws `invalid_request` naming the
 * field, `invalid_id`, `body_too_large`.
 */
export async function readChatRequest(request: Request, maxBytes: number): Promise<ChatRequest> {
  const body = checkShape(BODY, parseJson(await readBody(request, maxBytes)), invalid);
  const { id, agent, messages, trigger } = body;
  if (trigger === "regenerate-message") {
    throw invalid(
      "trigger",
      "regenerate-message is not supported: an answer that is stored is not taken back. Send the message again.",
    );
  }
  const answers = messages.findLast(({ role }) => role === "assistant");
  const place = answers?.id !== undefined && isRunName(answers.id) ? parseRunName(answers.id) : undefined;
  const chat = id ? parseConversationReference(id) : place && { id: place.conversation, agent: undefined };
  const isOfThisChat = place !== undefined && place.conversation === chat?.id;
  const common = {
    chat,
    agent: agent ?? undefined,
    counts: !id,
    verdicts: answers && isOfThisChat ? verdictsIn(answers) : [],
  };
  const last = messages.at(-1);
  if (last === answers) return answeredApprovals(common, place);
  const index = messages.length - 1;
  if (last?.role !== "user") throw invalid(`messages.${index}`, "The last message is not the user's.");
  const text = textOf(last, index);
  if (text.trim() === "") throw invalid(`messages.${index}`, "The message must not be empty.");
  return {
    kind: "message",
    ...common,
    text,
    messageId: last.id,
    metadata: metadataOf(last, index),
    preceding: () => messages.slice(0, -1).flatMap(precedingMessage),
  };
}

function answeredApprovals(common: AnyRequest, run: RunPlace | undefined): AnsweredApprovals {
  if (run && common.chat?.id !== run.conversation) {
    throw invalid("messages", "The last message is of another chat.");
  }
  if (run && common.verdicts.length > 0) return { kind: "approvals", ...common, run };
  throw invalid(
    "messages",
    "The last message is the assistant's and answers none of its requests for approval; results of tools that run in the client are not supported.",
  );
}

function verdictsIn({ parts }: UiMessage): readonly ApprovalVerdict[] {
  return parts.flatMap((part) => {
    if (part["state"] !== "approval-responded") return [];
    const parsed = RESPONDED.safeParse(part);
    if (!parsed.success)
      throw invalid("messages", "An answer to a request for approval has an id and approved.");
    const { id, approved, reason } = parsed.data.approval;
    return [{ approvalId: id, approved, reason: reason ?? undefined }];
  });
}

/** Parts that the AI SDK itself keeps from models: they are for people. */
const NOT_FOR_MODELS = /^(?:step-start|source-url|source-document|data-.*)$/;

function textOf({ parts }: UiMessage, index: number): string {
  const texts = parts.flatMap((part, at) => {
    const field = `messages.${index}.parts.${at}`;
    if (part.type === "text") {
      if (typeof part["text"] !== "string") throw invalid(`${field}.text`, `${field}.text is a string.`);
      return [part["text"]];
    }
    if (NOT_FOR_MODELS.test(part.type)) return [];
    throw invalid(field, `Parts of type ${part.type} are not supported: an agent is told text.`);
  });
  return texts.join("\n\n");
}

function precedingMessage(message: UiMessage, index: number): readonly Message[] {
  if (message.role === "system") {
    throw invalid(
      `messages.${index}`,
      "System messages are not supported: an agent has instructions of its own.",
    );
  }
  const text = textOf(message, index);
  return text === "" ? [] : [{ role: message.role, content: [{ type: "text", text }] }];
}

function metadataOf(message: UiMessage, index: number): JsonValue | undefined {
  const { metadata } = message;
  if (metadata === undefined || metadata === null) return undefined;
  const parsed = z.json().safeParse(metadata);
  if (!parsed.success) throw invalid(`messages.${index}.metadata`, "The metadata of a message is JSON.");
  return parsed.data;
}

function invalid(field: string, message: string): AgentError {
  return new AgentError("invalid_request", message, { details: { field } });
}
