import { describe, expect, it } from "vitest";
import * as z from "zod";
import { jsonSchema } from "@ai-sdk/provider-utils";
import { createMemoryStore } from "../../src/adapters/memory/index.ts";
import { createScriptedModel } from "../../src/adapters/scripted/index.ts";
import { START } from "../../src/core/index.ts";
import type { ConversationId, LogEvent } from "../../src/core/index.ts";
import { defineAgent, defineTool } from "../../src/define-agent.ts";
import type { ToolContext } from "../../src/ports/index.ts";
import { eventually } from "../../src/testing/index.ts";
import { call, endOf, startRun } from "../support/api.ts";
import type { Started } from "../support/api.ts";
import { openServer, STORE_KINDS } from "../support/holdfast-server.ts";
import type { TestServer } from "../support/holdfast-server.ts";
import { readStream, renderedText } from "../support/stream-reader.ts";
import type { StreamEvent } from "../support/stream-reader.ts";
import { turnsAgent } from "../support/test-agents.ts";
import type { Move, TurnsAgent } from "../support/test-agents.ts";

const inputSchema = z.object({ place: z.string() });

function callOf(name: string, input: Extract<Move, { type: "tool-call" }>["input"], callId = "c1"): Move {
  return { type: "tool-call", callId, name, input };
}

async function outcomeOf(server: TestServer, agent: TurnsAgent) {
  const run = await startRun(server, "Script");
  const status = await endOf(server, run);
  const { events } = await readStream(server.port, `${run.streamPath}?events=all`);
  const told = agent.steps[1]?.messages.at(-1);
  const output = told?.role === "tool" ? told.content[0]?.output : undefined;
  return { status, events, output };
}

/** Waits until a tool call is logged. */
async function whenCalled(server: TestServer, run: Started): Promise<void> {
  await eventually("the tool is called", async () => {
    const log = await server.holdfast.store.read(run.conversation as ConversationId, START, 100);
    return log.some((event) => event.type === "tool-call");
  });
}

function kindsOf(events: readonly StreamEvent[]): readonly string[] {
  return events.map(({ event }) => event).filter((event) => event.startsWith("tool-"));
}

describe.each(STORE_KINDS)("a tool on the %s store", (store) => {
  it("that throws is told to the model, and the run completes", async () => {
    const fails = defineTool({
      inputSchema,
      execute: () => {
        throw new Error("No such place.");
      },
    });
    const agent = turnsAgent([[callOf("find", { place: "X" })], ["Sorry."]], { tools: { find: fails } });
    const server = await openServer({ store, agents: [agent.definition] });
    const { status, events, output } = await outcomeOf(server, agent);
    expect(status.body).toMatchObject({ status: "Completed", response: "Sorry." });
    expect(output).toEqual({ type: "error-text", value: "No such place." });
    expect(kindsOf(events)).toEqual(["tool-call", "tool-error"]);
  });

  it("that there is not is told to the model, and the run completes", async () => {
    const agent = turnsAgent([[callOf("constructor", {})], ["Sorry."]], { tools: {} });
    const server = await openServer({ store, agents: [agent.definition] });
    const { status, events, output } = await outcomeOf(server, agent);
    expect(status.at("status")).toBe("Completed");
    expect(output).toEqual({ type: "error-text", value: "There is no tool constructor." });
    expect(kindsOf(events)).toEqual(["tool-error"]);
  });

  it("whose input is wrong is not executed; the model is told what is wrong", async () => {
    const executed: unknown[] = [];
    const find = defineTool({ inputSchema, execute: (input) => void executed.push(input) });
    const agent = turnsAgent([[callOf("find", { place: 7 })], ["Sorry."]], { tools: { find } });
    const server = await openServer({ store, agents: [agent.definition] });
    const { status, output } = await outcomeOf(server, agent);
    expect(status.at("status")).toBe("Completed");
    expect(output).toMatchObject({ type: "error-text", value: expect.stringContaining("place") });
    expect(executed).toEqual([]);
  });

  it("gets its input, its key and its context, and reports progress to the stream", async () => {
    let seen: { readonly input: unknown; readonly context: ToolContext } | undefined;
    const find = defineTool({
      inputSchema,
      execute(input, context) {
        seen = { input, context };
        context.report("progress", { percent: 50 });
        return { found: [input.place] };
      },
    });
    const agent = turnsAgent([["Let me look.", callOf("find", { place: "X" })], ["Found."]], {
      tools: { find },
    });
    const server = await openServer({ store, agents: [agent.definition] });
    const { status, events, output } = await outcomeOf(server, agent);
    expect(status.at("response")).toBe("Let me look.\n\nFound.");
    expect(output).toEqual({ type: "json", value: { found: ["X"] } });
    expect(seen?.input).toEqual({ place: "X" });
    expect(seen?.context).toMatchObject({
      toolCallId: "c1",
      idempotencyKey: `${String(status.at("correlation_id"))}:2:c1`,
      conversationId: status.at("conversation_id"),
      agentName: "Script",
    });
    const data = events.find(({ event }) => event === "data");
    expect(JSON.parse(data!.data)).toMatchObject({ name: "progress", value: { percent: 50 }, step: 2 });
  });

  it("the offline planner really calls the tools, and everyone reads the same answer", async () => {
    const places: string[] = [];
    const getWeatherForecast = defineTool({
      description: "The weather at a place.",
      inputSchema: z.object({ destination: z.string(), date: z.string() }),
      execute: ({ destination }) => {
        places.push(destination);
        return "Sunny, 24 °C.";
      },
    });
    const planner = defineAgent({
      name: "Planner",
      instructions: "Plan trips.",
      model: createScriptedModel({ chunksPerSecond: Number.POSITIVE_INFINITY }),
      tools: { getWeatherForecast },
    });
    const server = await openServer({ store, agents: [planner] });
    const run = await startRun(server, "Planner", "Plan a 2-day trip to Tokyo");
    const live = await readStream(server.port, run.streamPath);
    const status = await endOf(server, run);
    expect(status.at("status")).toBe("Completed");
    expect(renderedText(live.events)).toBe(status.at("response"));
    expect(status.at("response")).toContain("Tokyo");
    expect(places.length).toBeGreaterThan(0);
  });
});

describe("a tool", () => {
  it("is not executed by a run that asked for no tools, whatever the model does", async () => {
    const executed: unknown[] = [];
    const find = defineTool({ inputSchema, execute: (input) => void executed.push(input) });
    const agent = turnsAgent([[callOf("find", { place: "X" })], ["Fine."]], { tools: { find } });
    const server = await openServer({ agents: [agent.definition] });
    const run = await startRun(server, "Script", { message: "Hello", enable_tool_calls: false });
    expect((await endOf(server, run)).at("status")).toBe("Completed");
    expect(agent.steps[0]!.tools).toEqual([]);
    expect(executed).toEqual([]);
  });

  it("that goes on reporting after it has answered changes nothing any more", async () => {
    let report: ToolContext["report"] | undefined;
    const find = defineTool({
      inputSchema,
      execute: (_input, context) => {
        ({ report } = context);
        return "found";
      },
    });
    const agent = turnsAgent([[callOf("find", { place: "X" })], ["Found."]], { tools: { find } });
    const responses: string[] = [];
    const server = await openServer({
      agents: [agent.definition],
      onStreamingResponseUpdate: ({ event }) => {
        if (event.type === "text-delta") report?.("late", 1);
      },
      onAgentResponse: ({ text }) => void responses.push(text),
    });
    const run = await startRun(server, "Script");
    await endOf(server, run);
    report?.("too late", 2);
    await eventually("the response", () => responses.length === 1);
    const { events } = await readStream(server.port, `${run.streamPath}?events=all`);
    expect(events.map(({ event }) => event)).not.toContain("data");
    expect(server.logs).toEqual([]);
  });

  it("that takes too long is told to the model, and the run goes on", async () => {
    const never = defineTool({ inputSchema, timeoutMs: 10, execute: () => new Promise<string>(() => {}) });
    const agent = turnsAgent([[callOf("never", { place: "X" })], ["Sorry."]], { tools: { never } });
    const server = await openServer({ agents: [agent.definition] });
    const { status, output } = await outcomeOf(server, agent);
    expect(status.at("status")).toBe("Completed");
    expect(output).toMatchObject({ type: "error-text", value: expect.stringContaining("10 ms") });
  });

  it("that hangs is left by a cancel", async () => {
    let aborted = false;
    const hangs = defineTool({
      inputSchema,
      execute: (_input, { abortSignal }) =>
        new Promise<string>(() => abortSignal.addEventListener("abort", () => (aborted = true))),
    });
    const agent = turnsAgent([[callOf("hangs", { place: "X" })]], { tools: { hangs } });
    const server = await openServer({ agents: [agent.definition] });
    const run = await startRun(server, "Script");
    await whenCalled(server, run);
    await call(server, "POST", `${run.statusPath}/cancel`, { reason: "enough" });
    const status = await endOf(server, run);
    expect(status.body).toMatchObject({ status: "Canceled", runs: [{ reason: "enough" }] });
    expect(aborted).toBe(true);
  });

  it("whose input is still being checked when the run is cancelled leaves nothing after its end", async () => {
    const checked = Promise.withResolvers<{ readonly success: true; readonly value: unknown }>();
    const schema = jsonSchema({ type: "object" }, { validate: () => checked.promise });
    let executed = 0;
    const slow = defineTool({ inputSchema: schema, execute: () => (executed += 1) });
    const hangs = defineTool({ inputSchema, execute: () => new Promise<string>(() => {}) });
    const turn = [callOf("hangs", { place: "X" }, "c1"), callOf("slow", {}, "c2")];
    const agent = turnsAgent([turn], { tools: { slow, hangs } });
    const responses: string[] = [];
    const memory = createMemoryStore();
    const tried: LogEvent[] = [];
    const store: typeof memory = {
      ...memory,
      append(id, events, options) {
        tried.push(...events);
        return memory.append(id, events, options);
      },
    };
    const server = await openServer({
      store,
      agents: [agent.definition],
      onAgentResponse: ({ record }) => void responses.push(record.status),
    });
    const run = await startRun(server, "Script");
    await whenCalled(server, run);
    await call(server, "POST", `${run.statusPath}/cancel`);
    await endOf(server, run);
    checked.resolve({ success: true, value: {} });
    await eventually("the response", () => responses.length === 1);
    const { events } = await readStream(server.port, `${run.streamPath}?events=all`);
    expect(kindsOf(events)).toEqual(["tool-call"]);
    expect(tried.at(-1)!.type).toBe("run-cancelled");
    expect([executed, server.logs]).toEqual([0, []]);
  });

  it("calls of one turn are made together and answered in their order", async () => {
    const gates = new Map<string, () => void>();
    const find = defineTool({
      inputSchema,
      execute: ({ place }) => new Promise<string>((resolve) => gates.set(place, () => resolve(place))),
    });
    const turn = ["A", "B", "C"].map((place) => callOf("find", { place }, place));
    const agent = turnsAgent([turn, ["Done."]], { tools: { find } });
    const server = await openServer({ agents: [agent.definition] });
    const run = await startRun(server, "Script");
    await eventually("all are called", () => gates.size === 3);
    for (const place of ["C", "A", "B"]) gates.get(place)!();
    expect((await endOf(server, run)).at("status")).toBe("Completed");
    const told = agent.steps[1]!.messages.at(-1)!;
    expect(told.role === "tool" && told.content.map(({ toolCallId }) => toolCallId)).toEqual(["A", "B", "C"]);
  });
});
