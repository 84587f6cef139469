import type { ConversationId, JsonObject, JsonValue, Message, RunRecord } from "../../core/index.ts";
import { runName } from "../../protocol/index.ts";
import { answerTexts } from "../answer-texts.ts";
import { textOfOutput } from "./ag-ui-projection.ts";

/** What of a run its client's messages were called, among the run's own metadata. */
export const AG_UI_METADATA = "ag-ui";

/** What a run was begun with. */
export interface BegunWith extends Pick<RunRecord, "run" | "input" | "metadata"> {
  readonly preceding?: readonly Message[];
}

/** The messages with which a run was begun, under the ids that their client gave them. */
export function messagesOfInput(
  conversation: ConversationId,
  { run, input, metadata, preceding = [] }: BegunWith,
): readonly JsonObject[] {
  const name = runName({ conversation, run });
  const { messageId = `${name}:input`, preceding: ids = [] } = namesIn(metadata);
  const before = preceding.flatMap((message, index) =>
    messagesOf(message, ids[index] ?? `${name}:before:${index}`),
  );
  return [...before, { id: messageId, role: "user", content: input }];
}

/** All messages of a run that has ended. */
export function messagesOfRecord(conversation: ConversationId, record: RunRecord): readonly JsonObject[] {
  const preceding = record.messages.slice(0, inputIndex(record));
  return [
    ...messagesOfInput(conversation, { ...record, preceding }),
    ...answerOfRecord(conversation, record),
  ];
}

/** The same without those that it was begun with. */
export function answerOfRecord(conversation: ConversationId, record: RunRecord): readonly JsonObject[] {
  const name = runName({ conversation, run: record.run });
  const messages = record.messages.slice(inputIndex(record) + 1);
  // With what sets them apart: part of the answer as it was read, and not of what models are told.
  const texts = answerTexts(messages.flatMap(textsOf), record.text).values();
  // Steps are numbered from 1, and each has left one message.
  return messages.flatMap((message, index) => {
    const content = textsOf(message).map(() => texts.next().value ?? "");
    return messagesOf(message, `${name}:${index + 1}`, { run: name, content: content.join("") });
  });
}

/** The input is the last that the user said. */
function inputIndex({ messages }: RunRecord): number {
  return Math.max(
    0,
    messages.findLastIndex(({ role }) => role === "user"),
  );
}

/** The client's own system messages, told to the run as its instructions: a snapshot without them would take them away. */
export function systemMessages({ metadata }: Pick<RunRecord, "metadata">): readonly JsonObject[] {
  return namesIn(metadata).system ?? [];
}

/** The id of the client's message that began a run; undefined for a run that was begun on another protocol. */
export function agUiMessageId({ metadata }: Pick<RunRecord, "metadata">): string | undefined {
  return namesIn(metadata).messageId;
}

interface Names {
  readonly messageId?: string;
  readonly preceding?: readonly string[];
  readonly system?: readonly JsonObject[];
}

/** Metadata is what a client has sent, on whichever protocol: what is not of this form is not ours. */
function namesIn(metadata: JsonObject | undefined): Names {
  const names = metadata?.[AG_UI_METADATA];
  if (!isObject(names)) return {};
  const { messageId, preceding, system } = names;
  return {
    ...(typeof messageId === "string" && { messageId }),
    ...(isList(preceding) && { preceding: preceding.map(String) }),
    ...(isList(system) && { system: system.filter(isObject) }),
  };
}

function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textsOf(message: Message): readonly string[] {
  if (message.role === "tool") return [];
  return message.content.flatMap((part) => (part.type === "text" ? [part.text] : []));
}

function messagesOf(
  message: Message,
  id: string,
  {
    run = id,
    content = textsOf(message).join(""),
  }: { readonly run?: string; readonly content?: string } = {},
): readonly JsonObject[] {
  if (message.role === "tool") {
    return message.content.map(({ toolCallId, output }) => ({
      id: `${run}:${toolCallId}`,
      role: "tool",
      toolCallId,
      content: textOfOutput(output),
    }));
  }
  if (message.role === "user") return [{ id, role: "user", content }];
  const toolCalls = message.content.flatMap((part) =>
    part.type === "tool-call"
      ? [
          {
            id: part.toolCallId,
            type: "function",
            function: { name: part.toolName, arguments: JSON.stringify(part.input) },
          },
        ]
      : [],
  );
  return [{ id, role: "assistant", content, ...(toolCalls.length > 0 && { toolCalls }) }];
}
