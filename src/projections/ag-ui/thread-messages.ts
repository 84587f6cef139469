import type { ConversationId, JsonObject, Message, RunRecord } from "../../core/index.ts";
import { runName } from "../../protocol/index.ts";
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
  let said = "";
  // Steps are numbered from 1, and each has left one message.
  return record.messages.slice(inputIndex(record) + 1).flatMap((message, index) => {
    const separator = separatorBefore(message, record.text, said.length);
    said += separator + textOf(message);
    return messagesOf(message, `${name}:${index + 1}`, { run: name, separator });
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

/** Only Holdfast writes it. */
function namesIn(metadata: JsonObject | undefined): Names {
  return (metadata?.[AG_UI_METADATA] ?? {}) as Names;
}

/** What sets a message apart from the text before it: part of the answer as it was read, and not of what models are told. */
function separatorBefore(message: Message, text: string, from: number): string {
  const own = textOf(message);
  const gap = own === "" ? "" : text.slice(from, text.indexOf(own, from));
  return gap.trim() === "" ? gap : "";
}

function textOf(message: Message): string {
  if (message.role === "tool") return "";
  return message.content.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("");
}

function messagesOf(
  message: Message,
  id: string,
  { run = id, separator = "" }: { readonly run?: string; readonly separator?: string } = {},
): readonly JsonObject[] {
  if (message.role === "tool") {
    return message.content.map(({ toolCallId, output }) => ({
      id: `${run}:${toolCallId}`,
      role: "tool",
      toolCallId,
      content: textOfOutput(output),
    }));
  }
  const content = separator + textOf(message);
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
