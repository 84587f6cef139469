import { expect, it } from "vitest";
import type { Message } from "../../core/index.ts";
import type { ModelStep } from "../../ports/index.ts";
import { callFromStep } from "./call-from-step.ts";

const signal = new AbortController().signal;

it("puts the instructions first, as the system's message, and the conversation after them unchanged", () => {
  const messages: readonly Message[] = [
    { role: "user", content: [{ type: "text", text: "Weather in Tokyo?" }] },
    {
      role: "assistant",
      content: [
        { type: "reasoning", text: "Ask the tool.", providerOptions: { openai: { itemId: "r" } } },
        { type: "tool-call", toolCallId: "c", toolName: "weather", input: { city: "Tokyo" } },
      ],
    },
    {
      role: "tool",
      content: [
        { type: "tool-result", toolCallId: "c", toolName: "weather", output: { type: "json", value: [21] } },
      ],
    },
  ];
  const { prompt } = callFromStep(stepOf({ instructions: "Be brief.", messages }), {}, signal);
  expect(prompt).toEqual([{ role: "system", content: "Be brief." }, ...messages]);
});

it("says nothing for the system when there are no instructions", () => {
  expect(callFromStep(stepOf({}), {}, signal).prompt).toEqual([]);
});

it("leaves out empty texts and empty answers, which providers refuse", () => {
  const messages: readonly Message[] = [
    { role: "assistant", content: [] },
    { role: "assistant", content: [{ type: "text", text: "" }] },
    {
      role: "assistant",
      content: [
        { type: "text", text: "" },
        { type: "text", text: "Hello" },
      ],
    },
  ];
  expect(callFromStep(stepOf({ messages }), {}, signal).prompt).toEqual([
    { role: "assistant", content: [{ type: "text", text: "Hello" }] },
  ]);
});

it("hands a malformed tool input back as an empty object, which every provider takes", () => {
  const call = { type: "tool-call", toolCallId: "c", toolName: "weather", input: '{"city": "Tok' } as const;
  const messages: readonly Message[] = [{ role: "assistant", content: [call] }];
  expect(callFromStep(stepOf({ messages }), {}, signal).prompt).toEqual([
    { role: "assistant", content: [{ ...call, input: {} }] },
  ]);
});

it("offers the tools for the model to choose from", () => {
  const inputSchema = { type: "object", properties: { city: { type: "string" } } };
  const tools = [
    { name: "weather", description: "The weather.", inputSchema },
    { name: "events", description: undefined, inputSchema },
  ];
  const call = callFromStep(stepOf({ tools }), {}, signal);
  expect(call.toolChoice).toEqual({ type: "auto" });
  expect(call.tools).toEqual([
    { type: "function", name: "weather", description: "The weather.", inputSchema },
    { type: "function", name: "events", inputSchema },
  ]);
});

it("does not mention tools where there are none", () => {
  expect(callFromStep(stepOf({}), {}, signal)).not.toHaveProperty("tools");
  expect(callFromStep(stepOf({}), {}, signal)).not.toHaveProperty("toolChoice");
});

it("asks for JSON by the schema that the run was given", () => {
  const schema = { type: "object" };
  const responseFormat = { type: "json", name: "trip", schema } as const;
  expect(callFromStep(stepOf({ responseFormat }), {}, signal).responseFormat).toEqual(responseFormat);
  const bare = stepOf({ responseFormat: { type: "json" } });
  expect(callFromStep(bare, {}, signal).responseFormat).toEqual({ type: "json" });
});

function stepOf(given: Partial<ModelStep>): ModelStep {
  return {
    agent: "Planner",
    conversationId: "c",
    runId: "r",
    step: 1,
    instructions: "",
    messages: [],
    tools: [],
    responseFormat: { type: "text" },
    ...given,
  };
}

it("asks a model to go on from a broken-off answer, unless it goes on by itself from what stands last", () => {
  const messages: readonly Message[] = [
    { role: "user", content: [{ type: "text", text: "Tell me a story." }] },
    { role: "assistant", content: [{ type: "text", text: "Once upon a ti" }] },
  ];
  const step = stepOf({ messages, continues: true });
  const asked = callFromStep(step, {}, signal).prompt;
  expect(asked.slice(0, 2)).toEqual(messages);
  expect(asked[2]).toMatchObject({ role: "user", content: [{ text: expect.stringContaining("Go on") }] });
  expect(callFromStep(step, {}, signal, true).prompt).toEqual(messages);
});
