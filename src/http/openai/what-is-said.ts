import type { AssistantMessage, Conversation, Message } from "../../core/index.ts";
import { messagesAnswered, runOfItemId } from "../../projections/openai-responses/index.ts";
import { runName } from "../../protocol/index.ts";
import { recordOfRun } from "../../runtime/index.ts";
import type { Runtime } from "../../runtime/index.ts";
import type { InputCall, InputItem } from "./read-input.ts";
import { refusal } from "./openai-error.ts";

/** What a request says to an agent: one message, and what was said before it. */
export interface Said {
  readonly message: string;
  readonly preceding: readonly Message[] | undefined;
  /** For this run only. */
  readonly instructions: readonly string[];
}

/**
 * What a request says, where it goes on in a conversation or begins one. A conversation knows what was said in it: only what
 * the user says now can be added. Throws `invalid_request`.
 */
export async function whatIsSaid(
  runtime: Runtime,
  input: readonly InputItem[],
  conversation: Conversation | undefined,
): Promise<Said> {
  const items = input.filter(({ kind }) => kind !== "instructions" && kind !== "verdict");
  const last = items.at(-1);
  if (last?.kind !== "message" || last.role !== "user") {
    throw refusal(
      last?.param ?? "input",
      "invalid_value",
      "The last item of input is a message of the user.",
    );
  }
  const preceding: Message[] = [];
  const told = new Set<string>();
  for (const item of items.slice(0, -1)) {
    if (conversation) requireNew(item, conversation);
    preceding.push(...(await messagesOf(runtime, item, conversation, told)));
  }
  return {
    message: last.text,
    preceding: preceding.length === 0 ? undefined : preceding.reduce<readonly Message[]>(joinAssistant, []),
    instructions: input.flatMap((item) => (item.kind === "instructions" ? [item.text] : [])),
  };
}

function requireNew(item: InputItem, conversation: Conversation): void {
  if (item.kind === "message" && item.role === "user") return;
  if (item.kind === "reference" && runOfItemId(item.id)?.conversation === conversation.id) return;
  throw refusal(
    item.param,
    "invalid_value",
    `${item.param}: what was said in the conversation is known already; send only what the user says now.`,
  );
}

async function messagesOf(
  runtime: Runtime,
  item: InputItem,
  conversation: Conversation | undefined,
  told: Set<string>,
): Promise<readonly Message[]> {
  switch (item.kind) {
    case "message":
      return [{ role: item.role, content: [{ type: "text", text: item.text }] }];
    case "call":
      return messagesOfCall(item);
    case "reference":
      return conversation ? [] : messagesReferredTo(runtime, item, told);
    case "instructions":
    case "verdict":
      return [];
  }
}

/** A reference stands for the whole answer that the item is part of, however many of its items are named. */
async function messagesReferredTo(
  runtime: Runtime,
  { id, param }: Extract<InputItem, { kind: "reference" }>,
  told: Set<string>,
): Promise<readonly Message[]> {
  const place = runOfItemId(id);
  const known = place && (await runtime.store.conversation(place.conversation));
  const record = known && (await recordOfRun(runtime, place.conversation, place.run));
  if (!record) {
    throw refusal(param, "item_not_found", `${param}: there is no item ${id} of a response that has ended.`);
  }
  const name = runName(place);
  if (told.has(name)) return [];
  told.add(name);
  return messagesAnswered(record);
}

function messagesOfCall({ id, name, input, output, error }: InputCall): readonly Message[] {
  const call = { toolCallId: id, toolName: name };
  const failed = error !== undefined && error !== null;
  const text = failed ? textOfError(error) : (output ?? "");
  return [
    { role: "assistant", content: [{ type: "tool-call", ...call, input }] },
    {
      role: "tool",
      content: [
        { type: "tool-result", ...call, output: { type: failed ? "error-text" : "text", value: text } },
      ],
    },
  ];
}

function textOfError(error: unknown): string {
  return typeof error === "string" ? error : JSON.stringify(error);
}

/** Models expect the roles to alternate. */
function joinAssistant(joined: readonly Message[], message: Message): readonly Message[] {
  const last = joined.at(-1);
  if (last?.role !== "assistant" || message.role !== "assistant") return [...joined, message];
  const both: AssistantMessage = { role: "assistant", content: [...last.content, ...message.content] };
  return [...joined.slice(0, -1), both];
}
