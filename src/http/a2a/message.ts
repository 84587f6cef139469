import * as z from "zod";
import { parseConversationReference } from "../../core/index.ts";
import type { ConversationReference, JsonObject } from "../../core/index.ts";
import { readParams, rpcRefusal, INVALID_PARAMS } from "../json-rpc.ts";
import { CONTENT_TYPE_NOT_SUPPORTED, PUSH_NOT_SUPPORTED } from "./a2a-error.ts";

/** What a client says to an agent, or of one of its tasks. */
export interface SentMessage {
  readonly messageId: string;
  readonly taskId: string | undefined;
  readonly context: ConversationReference | undefined;
  readonly text: string;
  /** The client's own, kept with the run. */
  readonly metadata: JsonObject | undefined;
  readonly verdicts: readonly Verdict[];
  /** Answer at once, with the task as it stands. */
  readonly returnImmediately: boolean;
  readonly historyLength: number | undefined;
}

export interface Verdict {
  readonly approvalId: string;
  readonly approved: boolean;
  readonly reason: string | undefined;
}

const PART = z.looseObject({
  text: z.optional(z.string()),
  data: z.optional(z.unknown()),
  raw: z.optional(z.unknown()),
  url: z.optional(z.unknown()),
});
const PARAMS = z.looseObject({
  message: z.looseObject({
    messageId: z.string().min(1).max(200),
    taskId: z.nullish(z.string()),
    contextId: z.nullish(z.string()),
    role: z.literal("ROLE_USER"),
    parts: z.array(PART).min(1),
    metadata: z.nullish(z.record(z.string(), z.json())),
  }),
  configuration: z.nullish(
    z.looseObject({
      acceptedOutputModes: z.nullish(z.array(z.string())),
      returnImmediately: z.nullish(z.boolean()),
      historyLength: z.nullish(z.int().min(0)),
      taskPushNotificationConfig: z.optional(z.unknown()),
    }),
  ),
});
const VERDICT = z.looseObject({
  approvalId: z.string(),
  approved: z.boolean(),
  reason: z.nullish(z.string().max(1000)),
});

const TEXT_MODES = /^(?:text(?:\/(?:plain|\*))?|\*\/\*)$/;

/** Throws `invalid_request` under the number of what is wrong. */
export function readMessage(params: unknown): SentMessage {
  const { message, configuration } = readParams(params, PARAMS);
  const { messageId, taskId, contextId, parts, metadata } = message;
  if (configuration?.taskPushNotificationConfig) {
    throw rpcRefusal(PUSH_NOT_SUPPORTED, "Push notifications are not supported: subscribe to the task.");
  }
  const modes = configuration?.acceptedOutputModes ?? [];
  if (modes.length > 0 && !modes.some((mode) => TEXT_MODES.test(mode))) {
    throw rpcRefusal(
      CONTENT_TYPE_NOT_SUPPORTED,
      "configuration.acceptedOutputModes: an agent answers in text/plain.",
    );
  }
  return {
    messageId,
    metadata: metadata ?? undefined,
    taskId: taskId || undefined,
    context: contextId ? parseConversationReference(contextId) : undefined,
    text: parts.flatMap(({ text }) => (text === undefined ? [] : [text])).join("\n\n"),
    verdicts: parts.flatMap((part, index) => verdictIn(part, index)),
    returnImmediately: configuration?.returnImmediately ?? false,
    historyLength: configuration?.historyLength ?? undefined,
  };
}

function verdictIn(part: z.infer<typeof PART>, index: number): readonly Verdict[] {
  if (part.text !== undefined) return [];
  if (part.data === undefined) {
    throw rpcRefusal(
      CONTENT_TYPE_NOT_SUPPORTED,
      `message.parts.${index}: files are not supported: an agent is told text.`,
    );
  }
  const parsed = VERDICT.safeParse(part.data);
  if (!parsed.success) {
    throw rpcRefusal(
      CONTENT_TYPE_NOT_SUPPORTED,
      `message.parts.${index}: data is an answer to a request for approval: {"approvalId", "approved"}.`,
    );
  }
  const { approvalId, approved, reason } = parsed.data;
  return [{ approvalId, approved, reason: reason ?? undefined }];
}

/** The words by which a person answers all that a task asks. */
const APPROVE = /^\s*(?:approve|approved|yes)[.!]?\s*$/i;
const DENY = /^\s*(?:deny|denied|no)[.!]?\s*$/i;

/** What a message answers to the requests of its task. Throws `invalid_request` when it does not. */
export function verdictsOf({ text, verdicts }: SentMessage, asked: readonly string[]): readonly Verdict[] {
  if (verdicts.length > 0) return verdicts;
  const approved = APPROVE.test(text);
  if (!approved && !DENY.test(text)) {
    throw rpcRefusal(
      INVALID_PARAMS,
      'The task waits for leave: answer "approve" or "deny", or with data parts {"approvalId", "approved", "reason"}.',
    );
  }
  return asked.map((approvalId) => ({ approvalId, approved, reason: undefined }));
}
