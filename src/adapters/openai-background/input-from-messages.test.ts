import { expect, it } from "vitest";
import type { AssistantMessage, Message } from "../../core/index.ts";
import { inputFromMessages } from "./input-from-messages.ts";

const THOUGHT = {
  type: "reasoning" as const,
  text: "Rome, then.",
  providerOptions: { openai: { itemId: "rs_1", reasoningEncryptedContent: "secret" } },
};
const CALL = { type: "tool-call" as const, toolCallId: "c", toolName: "weather", input: { city: "Rome" } };
const RESULT: Message = {
  role: "tool",
  content: [
    { type: "tool-result", toolCallId: "c", toolName: "weather", output: { type: "json", value: { c: 21 } } },
  ],
};

it("gives a round with a tool as items without ids, the thoughts before the call they led to", () => {
  expect(inputFromMessages([user("Where?"), assistant(THOUGHT, CALL), RESULT])).toEqual([
    { role: "user", content: [{ type: "input_text", text: "Where?" }] },
    {
      type: "reasoning",
      id: "rs_1",
      summary: [{ type: "summary_text", text: "Rome, then." }],
      encrypted_content: "secret",
    },
    { type: "function_call", call_id: "c", name: "weather", arguments: '{"city":"Rome"}' },
    { type: "function_call_output", call_id: "c", output: '{"c":21}' },
  ]);
});

it("gives the parts of one item's summary as one item", () => {
  const more = { type: "reasoning" as const, text: "More.", providerOptions: { openai: { itemId: "rs_1" } } };
  const [, reasoning] = inputFromMessages([user("Where?"), assistant(THOUGHT, more, CALL)]);
  expect(reasoning).toMatchObject({ summary: [{ text: "Rome, then." }, { text: "More." }] });
});

it.each<[string, readonly Message[]]>([
  ["of an earlier run", [user("Where?"), assistant(THOUGHT, text("Rome.")), user("Why?")]],
  ["that nothing follows", [user("Where?"), assistant(text("Rome."), THOUGHT)]],
  ["that are not encrypted", [user("Where?"), assistant({ ...THOUGHT, providerOptions: {} }, text("Rome."))]],
])("leaves out thoughts %s", (_, messages) => {
  const items = inputFromMessages(messages);
  expect(items.filter((item) => item["type"] === "reasoning")).toEqual([]);
  expect(items).toContainEqual({ role: "assistant", content: [{ type: "output_text", text: "Rome." }] });
});

it("keeps what phase of its answer a text belongs to, and leaves out what is empty or was another provider's", () => {
  const content = [
    { ...text("One moment."), providerOptions: { openai: { phase: "commentary" } } },
    text(""),
    { ...CALL, providerExecuted: true },
  ];
  expect(inputFromMessages([assistant(...content)])).toEqual([
    { role: "assistant", phase: "commentary", content: [{ type: "output_text", text: "One moment." }] },
  ]);
});

it.each<[AssistantMessage["content"][number] & { type: "tool-result" }, string]>([
  [result({ type: "text", value: "21" }), "21"],
  [result({ type: "error-text", value: "No such city." }), "No such city."],
  [result({ type: "execution-denied" }), "The call was not allowed."],
])("tells the model the outcome of a call: %j", (part, output) => {
  const items = inputFromMessages([{ role: "tool", content: [part] }]);
  expect(items).toEqual([{ type: "function_call_output", call_id: "c", output }]);
});

function user(said: string): Message {
  return { role: "user", content: [text(said)] };
}

function assistant(...content: AssistantMessage["content"]): Message {
  return { role: "assistant", content };
}

function text(said: string): { readonly type: "text"; readonly text: string } {
  return { type: "text", text: said };
}

function result(
  output: (AssistantMessage["content"][number] & { type: "tool-result" })["output"],
): AssistantMessage["content"][number] & { type: "tool-result" } {
  return { type: "tool-result", toolCallId: "c", toolName: "weather", output };
}
