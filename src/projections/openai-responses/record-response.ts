import type { JsonObject, Message, RunRecord, ToolOutput } from "../../core/index.ts";
import { runName } from "../../protocol/index.ts";
import { answerTexts } from "../answer-texts.ts";
import type { DescribedRun } from "../run-projection.ts";
import { argumentsJson, outcomeOf } from "./items.ts";
import type { Item } from "./items.ts";
import { responseJson } from "./response-json.ts";
import { queuedResponse } from "./response-state.ts";
import { errorOfRun } from "./run-error.ts";

/** A response of a run that has ended, from what outlives its stream: all of the run, also what waited for people. */
export function responseOfRecord(run: DescribedRun, part: number, record: RunRecord): JsonObject {
  const { status, usage, error, reason, endedAt } = record;
  const itemStatus = status === "completed" ? "completed" : "incomplete";
  const items = itemsOfRecord(record, runName({ conversation: run.conversation, run: run.run }));
  return responseJson({
    ...queuedResponse(run, part),
    status,
    usage,
    endedAt,
    reason,
    error: error ? errorOfRun(error) : null,
    done: items.map((item, index) => ({
      index,
      item,
      status: index === items.length - 1 ? itemStatus : "completed",
    })),
  });
}

/** The answer's messages, ready to be said again in another conversation. */
export function messagesAnswered(record: Pick<RunRecord, "messages">): readonly Message[] {
  return record.messages.slice(messagesAsked(record).length);
}

/** What was said before the answer: what the client brought along, and the message itself. */
function messagesAsked({ messages }: Pick<RunRecord, "messages">): readonly Message[] {
  return messages.slice(0, messages.findLastIndex(({ role }) => role === "user") + 1);
}

function itemsOfRecord(record: RunRecord, name: string): readonly Item[] {
  const answered = messagesAnswered(record);
  const outputs = outputsOf(answered);
  const items: Item[] = [];
  for (const message of answered) {
    if (message.role !== "assistant") continue;
    for (const part of message.content) {
      const ordinal = items.length;
      if (part.type === "text")
        items.push({ kind: "message", id: `msg_${name}_${ordinal}`, text: part.text });
      if (part.type === "reasoning") {
        items.push({ kind: "reasoning", id: `rs_${name}_${ordinal}`, text: part.text });
      }
      if (part.type === "tool-call") {
        const output = outputs.get(part.toolCallId);
        items.push({
          kind: "call",
          id: `mcp_${name}_${ordinal}`,
          name: part.toolName,
          arguments: argumentsJson(part.input),
          approvalRequestId: null,
          ...(output && { outcome: outcomeOf(output) }),
        });
      }
    }
  }
  return withSeparators(items, record.text, name);
}

function outputsOf(messages: readonly Message[]): ReadonlyMap<string, ToolOutput> {
  return new Map(
    messages.flatMap((message) =>
      message.role === "user"
        ? []
        : message.content.flatMap((part): [string, ToolOutput][] =>
            part.type === "tool-result" ? [[part.toolCallId, part.output]] : [],
          ),
    ),
  );
}

/** Messages are without the blank lines that set them apart in the answer: what clients put together has them (L7). */
function withSeparators(items: readonly Item[], answer: string, name: string): readonly Item[] {
  const said = items.flatMap((item) => (item.kind === "message" ? [item.text] : []));
  if (said.length === 0) {
    const id = `msg_${name}_${items.length}`;
    return answer === "" ? items : [...items, { kind: "message", id, text: answer }];
  }
  const texts = answerTexts(said, answer).values();
  return items.map((item) => (item.kind === "message" ? { ...item, text: texts.next().value ?? "" } : item));
}
