import type {
  AssistantMessage,
  ConversationId,
  JsonObject,
  JsonValue,
  Message,
  RunRecord,
  ToolOutput,
} from "../../core/index.ts";
import { runName } from "../../protocol/index.ts";
import { answerTexts } from "../answer-texts.ts";
import type { AiSdkVersion } from "./ai-sdk-version.ts";

/** A message as `useChat` keeps it. */
export interface UiMessage {
  readonly id: string;
  readonly role: "user" | "assistant";
  readonly metadata?: JsonValue;
  readonly parts: readonly UiPart[];
}

export type UiPart =
  | { readonly type: "step-start" }
  | { readonly type: "text" | "reasoning"; readonly text: string; readonly state: "done" }
  | ({
      readonly type: "dynamic-tool";
      readonly toolName: string;
      readonly toolCallId: string;
      readonly input: JsonValue;
      readonly providerExecuted: true;
    } & ToolState);

type ToolState =
  | { readonly state: "output-available"; readonly output: JsonValue }
  | { readonly state: "output-error"; readonly errorText: string }
  /** 6 and newer. */
  | { readonly state: "output-denied" }
  | { readonly state: "input-available" };

/** What of a run its client's message was: what its id and metadata are kept under, among the run's own metadata. */
export const UI_MESSAGE_METADATA = "ai-sdk";

/** A run with what it was accepted with, ended or not. */
export type MessageOfRun = Pick<RunRecord, "run" | "input" | "metadata">;

/** The message by which a run was begun, under the id that its client gave it. */
export function uiMessageOfInput(conversation: ConversationId, run: MessageOfRun): UiMessage {
  const { messageId, metadata } = sentMessage(run);
  return {
    id: messageId ?? `${runName({ conversation, run: run.run })}:input`,
    role: "user",
    ...(metadata !== undefined && { metadata }),
    parts: [{ type: "text", text: run.input, state: "done" }],
  };
}

/** The id of the client's message that began a run; undefined for a run that was begun on another protocol. */
export function messageIdOf(run: Pick<RunRecord, "metadata">): string | undefined {
  return sentMessage(run).messageId;
}

/**
 * The messages of a run that has ended: those that it brought along, its input and its answer, whose text is the stored
 * text of the run. The app's own data is not among what a history keeps.
 */
export function uiMessagesOfRecord(
  conversation: ConversationId,
  record: RunRecord,
  version: AiSdkVersion,
): readonly UiMessage[] {
  const name = runName({ conversation, run: record.run });
  const input = record.messages.findLastIndex(({ role }) => role === "user");
  const preceding = record.messages.slice(0, Math.max(0, input)).flatMap((message, index) => {
    if (message.role === "tool") return [];
    const parts = partsOfText(message);
    return parts.length === 0 ? [] : [{ id: `${name}:before:${index}`, role: message.role, parts }];
  });
  const parts = partsOfAnswer(record.messages.slice(input + 1), record.text, version);
  const answer: UiMessage = { id: name, role: "assistant", metadata: metadataOf(name, record), parts };
  return [...preceding, uiMessageOfInput(conversation, record), answer];
}

function sentMessage({ metadata }: Pick<RunRecord, "metadata">): {
  readonly messageId?: string;
  readonly metadata?: JsonValue;
} {
  const sent = metadata?.[UI_MESSAGE_METADATA];
  if (!isObject(sent)) return {};
  const { messageId, metadata: own } = sent;
  return {
    ...(typeof messageId === "string" && { messageId }),
    ...(own !== undefined && { metadata: own }),
  };
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The same that a stream tells with its first chunk and its last. */
function metadataOf(name: string, record: RunRecord): JsonObject {
  const { agent, acceptedAt, status, reason, error } = record;
  const { inputTokens, outputTokens } = record.usage;
  return {
    run: name,
    agent,
    createdAt: acceptedAt,
    status,
    ...(reason !== undefined && { reason }),
    ...(error && { error: { code: error.code, message: error.message } }),
    usage: { inputTokens, outputTokens },
  };
}

function partsOfText(message: Exclude<Message, { role: "tool" }>): readonly UiPart[] {
  return message.content.flatMap((part): readonly UiPart[] =>
    part.type === "text" ? [{ type: "text", text: part.text, state: "done" }] : [],
  );
}

function partsOfAnswer(messages: readonly Message[], text: string, version: AiSdkVersion): readonly UiPart[] {
  const texts = answerTexts(textsIn(messages), text).values();
  return messages.flatMap((message, index): readonly UiPart[] => {
    if (message.role !== "assistant") return [];
    const next = messages[index + 1];
    const outputs = outputsIn([message, ...(next?.role === "tool" ? [next] : [])]);
    return [
      { type: "step-start" },
      ...message.content.flatMap((part): readonly UiPart[] => {
        switch (part.type) {
          case "text":
            return [{ type: "text", text: texts.next().value ?? "", state: "done" }];
          case "reasoning":
            return part.text === "" ? [] : [{ type: "reasoning", text: part.text, state: "done" }];
          case "tool-call":
            return [toolPart(part, outputs.get(part.toolCallId), version)];
          case "tool-result":
            return [];
        }
      }),
    ];
  });
}

function textsIn(messages: readonly Message[]): readonly string[] {
  return messages.flatMap((message) =>
    message.role === "assistant"
      ? message.content.flatMap((part) => (part.type === "text" ? [part.text] : []))
      : [],
  );
}

function outputsIn(messages: readonly Message[]): ReadonlyMap<string, ToolOutput> {
  const results = messages.flatMap(({ content }) => content).filter((part) => part.type === "tool-result");
  return new Map(results.map(({ toolCallId, output }) => [toolCallId, output]));
}

type ToolCall = Extract<AssistantMessage["content"][number], { type: "tool-call" }>;

function toolPart(call: ToolCall, output: ToolOutput | undefined, version: AiSdkVersion): UiPart {
  const { toolName, toolCallId, input } = call;
  const state = toolState(output, version);
  return { type: "dynamic-tool", toolName, toolCallId, input, providerExecuted: true, ...state };
}

function toolState(output: ToolOutput | undefined, version: AiSdkVersion): ToolState {
  switch (output?.type) {
    case undefined:
      return { state: "input-available" };
    case "text":
    case "json":
      return { state: "output-available", output: output.value };
    case "error-text":
      return { state: "output-error", errorText: output.value };
    case "execution-denied":
      return version === 5
        ? { state: "output-error", errorText: output.reason ?? "Denied." }
        : { state: "output-denied" };
  }
}
