import type {
  LanguageModelV4CallOptions,
  LanguageModelV4FunctionTool,
  LanguageModelV4Prompt,
  LanguageModelV4StreamPart,
  LanguageModelV4ToolResultOutput,
} from "@ai-sdk/provider";
import { expect, test } from "vitest";
import { CITY_GUIDES } from "./city-guide.ts";
import { createScriptedModel } from "./index.ts";

const NOW = new Date("2026-05-13T10:00:00Z");
const model = createScriptedModel({ now: () => NOW, chunksPerSecond: Infinity });

const TOOLS: LanguageModelV4FunctionTool[] = ["getWeatherForecast", "getLocalEvents"].map((name) => ({
  type: "function",
  name,
  inputSchema: { type: "object" },
}));

function asking(...messages: string[]): LanguageModelV4Prompt {
  return [
    { role: "system", content: "You plan trips." },
    ...messages.map((text) => ({ role: "user" as const, content: [{ type: "text" as const, text }] })),
  ];
}

function answered(
  prompt: LanguageModelV4Prompt,
  weather: LanguageModelV4ToolResultOutput,
  events: LanguageModelV4ToolResultOutput,
  date = "2026-06-01",
): LanguageModelV4Prompt {
  const named = [["getWeatherForecast", weather] as const, ["getLocalEvents", events] as const];
  return [
    ...prompt,
    {
      role: "assistant",
      content: named.map(([toolName]) => ({
        type: "tool-call",
        toolCallId: toolName,
        toolName,
        input: { destination: "Tokyo", date },
      })),
    },
    {
      role: "tool",
      content: named.map(([toolName, output]) => ({
        type: "tool-result",
        toolCallId: toolName,
        toolName,
        output,
      })),
    },
  ];
}

const WEATHER: LanguageModelV4ToolResultOutput = {
  type: "text",
  value: "Mild with light rain, 17 to 23 °C.",
};
const EVENTS: LanguageModelV4ToolResultOutput = {
  type: "json",
  value: {
    destination: "Tokyo",
    events: [{ name: "Lantern Evening", place: "Asakusa" }, { name: "Jazz Week" }],
  },
};

async function partsOf(call: LanguageModelV4CallOptions): Promise<LanguageModelV4StreamPart[]> {
  const { stream } = await model.doStream(call);
  return collected(stream);
}

async function collected<Part>(stream: AsyncIterable<Part>): Promise<Part[]> {
  const parts: Part[] = [];
  for await (const part of stream) parts.push(part);
  return parts;
}

async function textOf(call: LanguageModelV4CallOptions): Promise<string> {
  return (await partsOf(call)).map((part) => (part.type === "text-delta" ? part.delta : "")).join("");
}

test("calls both tools in one round, with input that is streamed and whole", async () => {
  const parts = await partsOf({ prompt: asking("Plan a 3-day trip to Tokyo next month"), tools: TOOLS });
  const calls = parts.filter((part) => part.type === "tool-call");
  expect(calls.map(({ toolName }) => toolName)).toEqual(["getWeatherForecast", "getLocalEvents"]);
  expect(new Set(calls.map(({ toolCallId }) => toolCallId)).size).toBe(2);
  for (const { toolCallId, input } of calls) {
    expect(JSON.parse(input)).toEqual({ destination: "Tokyo", date: "2026-06-01" });
    const deltas = parts.filter((part) => part.type === "tool-input-delta" && part.id === toolCallId);
    expect(deltas.map((part) => ("delta" in part ? part.delta : "")).join("")).toBe(input);
  }
  expect(parts.at(0)).toMatchObject({ type: "stream-start" });
  expect(parts.at(-1)).toMatchObject({ type: "finish", finishReason: { unified: "tool-calls" } });
});

test("writes a plan of a believable length from what the tools said", async () => {
  const prompt = answered(asking("Plan a 3-day trip to Tokyo next month"), WEATHER, EVENTS);
  const parts = await partsOf({ prompt, tools: TOOLS });
  const text = parts.map((part) => (part.type === "text-delta" ? part.delta : "")).join("");
  expect(text).toMatch(/^# 3-Day Tokyo /u);
  expect(text.match(/^## Day \d: /gmu)).toHaveLength(3);
  expect(text).toContain("Mild with light rain, 17 to 23 °C.");
  expect(text).toContain("**Lantern Evening** — Asakusa");
  expect(text).toContain("Monday, June 1");
  expect(text).toContain("waterproof");
  const words = text.split(/\s+/u).length;
  expect(words).toBeGreaterThan(300);
  expect(words).toBeLessThan(600);
  expect(parts.at(-1)).toMatchObject({ type: "finish", finishReason: { unified: "stop" } });
});

test("takes the day from its own calls, so that midnight between two steps changes nothing", async () => {
  const prompt = answered(asking("Plan a 3-day trip to Tokyo tomorrow"), WEATHER, EVENTS, "2026-05-12");
  expect(await textOf({ prompt, tools: TOOLS })).toContain("Tuesday, May 12");
});

test("says so when a tool failed or was not allowed", async () => {
  const prompt = answered(
    asking("Plan a trip to Tokyo"),
    { type: "error-text", value: "boom at 10.0.0.1" },
    { type: "execution-denied" },
  );
  const text = await textOf({ prompt, tools: TOOLS });
  expect(text).toContain("the forecast is unavailable right now");
  expect(text).toContain("the event listings are unavailable right now");
  expect(text).not.toContain("boom");
});

test("calls only the tool whose result is missing", async () => {
  const [system, user, assistant, tool] = answered(asking("Plan a trip to Tokyo"), WEATHER, EVENTS);
  const half = [
    system!,
    user!,
    { ...assistant!, content: [assistant!.content[0]] },
    { ...tool!, content: [tool!.content[0]] },
  ];
  const parts = await partsOf({ prompt: half as LanguageModelV4Prompt, tools: TOOLS });
  expect(parts.filter((part) => part.type === "tool-call").map(({ toolName }) => toolName)).toEqual([
    "getLocalEvents",
  ]);
});

test("looks everything up again for the next message, under other call ids", async () => {
  const first = asking("Plan a trip to Tokyo");
  const second = [...answered(first, WEATHER, EVENTS), ...asking("make it 5 days").slice(1)];
  const ids = async (prompt: LanguageModelV4Prompt) =>
    (await partsOf({ prompt, tools: TOOLS })).flatMap((part) =>
      part.type === "tool-call" ? [part.toolCallId] : [],
    );
  expect(new Set([...(await ids(first)), ...(await ids(second))]).size).toBe(4);
  const text = await textOf({ prompt: answered(second, WEATHER, EVENTS), tools: TOOLS });
  expect(text).toMatch(/^# 5-Day Tokyo /u);
});

test("plans without tools when none may be called, and says what it did not look up", async () => {
  for (const call of [{ tools: TOOLS, toolChoice: { type: "none" as const } }, {}]) {
    const text = await textOf({ prompt: asking("Plan a weekend in Paris"), ...call });
    expect(text).toMatch(/^# 2-Day Paris /u);
    expect(text).toContain("I did not look up a forecast");
  }
});

test("asks where to go when the message does not say", async () => {
  expect(await textOf({ prompt: asking("Plan a trip for 5 days"), tools: TOOLS })).toMatch(
    /5 days.*Where would you like to go/u,
  );
});

test("is honest about what it is when asked for anything else", async () => {
  const text = await textOf({ prompt: asking("What is 2 + 2?"), tools: TOOLS });
  for (const piece of ["offline demo model", "What is 2 + 2?", "OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT"])
    expect(text).toContain(piece);
});

test("does not plan trips for an agent that is made for something else", async () => {
  const prompt: LanguageModelV4Prompt = [
    { role: "system", content: "You summarise texts." },
    ...asking("A weekend in Paris is nice").slice(1),
  ];
  expect(await textOf({ prompt })).toContain("offline demo model");
});

test("says the same again for the same prompt and clock, streamed or not", async () => {
  const call = {
    prompt: answered(asking("Plan a 7-day trip to Tokyo, Japan"), WEATHER, EVENTS),
    tools: TOOLS,
  };
  const parts = await partsOf(call);
  expect(await partsOf(call)).toEqual(parts);
  const generated = await model.doGenerate(call);
  expect(generated.content).toEqual([{ type: "text", text: await textOf(call) }]);
  expect(parts.at(-1)).toMatchObject({ usage: generated.usage, finishReason: generated.finishReason });
});

test("generates tool calls without a stream", async () => {
  const { content, finishReason, response } = await model.doGenerate({
    prompt: asking("Plan a trip to Rome"),
    tools: TOOLS,
  });
  expect(content.map(({ type }) => type)).toEqual(["text", "tool-call", "tool-call"]);
  expect(finishReason.unified).toBe("tool-calls");
  expect(response).toMatchObject({ modelId: "scripted-planner", timestamp: NOW });
});

test("writes a different plan for every city and every day, whole in every part", async () => {
  const plans = new Set<string>();
  for (const { name } of [...CITY_GUIDES, { name: "Ljubljana, Slovenia" }]) {
    const text = await textOf({ prompt: asking(`Plan a 14-day trip to ${name}`) });
    const headings = text.match(/^## Day \d+: .*$/gmu) ?? [];
    expect(new Set(headings).size).toBe(14);
    expect(text).not.toMatch(/undefined|\b(?:Begin with|Try|Stay for|Carry on to)\s*\./u);
    plans.add(text);
  }
  expect(plans.size).toBe(CITY_GUIDES.length + 1);
  expect(CITY_GUIDES.length).toBeGreaterThanOrEqual(20);
});

test("stops at the number of tokens that it may write", async () => {
  const parts = await partsOf({ prompt: asking("Plan a trip to Rome"), maxOutputTokens: 10 });
  expect(parts.filter(({ type }) => type === "text-delta")).toHaveLength(10);
  expect(parts.at(-1)).toMatchObject({
    finishReason: { unified: "length" },
    usage: { outputTokens: { total: 10 } },
  });
});

test("paces every chunk by the rate asked for", async () => {
  const pauses: number[] = [];
  const paced = createScriptedModel({
    now: () => NOW,
    chunksPerSecond: 50,
    pause: async (milliseconds) => void pauses.push(milliseconds),
  });
  const { stream } = await paced.doStream({ prompt: asking("Hello") });
  const parts = await collected(stream);
  expect(pauses).toEqual(parts.filter(({ type }) => type === "text-delta").map(() => 20));
});

test("fails with the abort's reason at once, in the middle of a pause", async () => {
  const abort = new AbortController();
  const { stream } = await createScriptedModel({ chunksPerSecond: 0.001 }).doStream({
    prompt: asking("Hello"),
    abortSignal: abort.signal,
  });
  const reader = stream.getReader();
  for (let part = 0; part < 3; part += 1) await reader.read();
  const waiting = reader.read();
  const reason = new Error("cancelled by its owner");
  abort.abort(reason);
  await expect(waiting).rejects.toBe(reason);
});

test("does not begin when it is aborted already", async () => {
  const reason = new Error("too late");
  const call = { prompt: asking("Hello"), abortSignal: AbortSignal.abort(reason) };
  await expect(model.doStream(call)).rejects.toBe(reason);
  await expect(model.doGenerate(call)).rejects.toBe(reason);
});

test("ends its pause when the reader goes away", async () => {
  let seen: AbortSignal | undefined;
  const hanging = createScriptedModel({
    pause: (_milliseconds, signal) => {
      seen = signal;
      return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    },
  });
  const { stream } = await hanging.doStream({ prompt: asking("Hello") });
  const reader = stream.getReader();
  for (let part = 0; part < 3; part += 1) await reader.read();
  const waiting = reader.read();
  await reader.cancel("gone");
  await waiting;
  expect(seen?.aborted).toBe(true);
});

test("answers a JSON document when one is asked for, after the same tool calls", async () => {
  const schema = {
    type: "object" as const,
    properties: {
      destination: { type: "string" as const },
      days: {
        type: "array" as const,
        items: {
          type: "object" as const,
          properties: { day: { type: "integer" as const }, morning: { type: "string" as const } },
          required: ["day", "morning"],
        },
      },
    },
    required: ["destination", "days"],
  };
  const call = { responseFormat: { type: "json" as const, schema }, tools: TOOLS };
  const parts = await partsOf({ prompt: asking("Plan a 4-day trip to Rome"), ...call });
  expect(parts.filter(({ type }) => type === "tool-call")).toHaveLength(2);
  expect(parts.some(({ type }) => type === "text-delta")).toBe(false);
  const text = await textOf({
    prompt: answered(asking("Plan a 4-day trip to Rome"), WEATHER, EVENTS),
    ...call,
  });
  const document = JSON.parse(text);
  expect(document.destination).toBe("Rome");
  expect(document.days.map(({ day }: { day: number }) => day)).toEqual([1, 2, 3, 4]);
});

test.each([0, -1, Number.NaN])("refuses %d chunks a second", (chunksPerSecond) => {
  expect(() => createScriptedModel({ chunksPerSecond })).toThrow(TypeError);
});
