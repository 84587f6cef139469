import { HttpAgent } from "@ag-ui/client";
import type { HttpAgentConfig, Interrupt } from "@ag-ui/client";
import { afterAll, beforeEach, expect, it, onTestFinished, vi } from "vitest";
import * as z from "zod";
import { createDurableFetch } from "../../src/client/index.ts";
import { AgentError } from "../../src/core/index.ts";
import { defineTool } from "../../src/define-agent.ts";
import { eventually } from "../../src/testing/index.ts";
import { call, startRun } from "../support/api.ts";
import { openCuttingProxy } from "../support/cutting-proxy.ts";
import { openServer } from "../support/holdfast-server.ts";
import type { TestServer } from "../support/holdfast-server.ts";
import { createPuppet, scriptAgent, turnsAgent } from "../support/test-agents.ts";
import type { Move } from "../support/test-agents.ts";
import { agUiText } from "./ag-ui-client.ts";
import { installedVersion, recordSupport } from "./support-table.ts";

const CHUNKS = ["Day 1:\n", "Asakusa, ", "東京 ", "🍣", "\n\n", "data: [DONE]\n\n", " ", "the end"];
const BUSY = new AgentError("model_unavailable", "Busy.", { retryAfterMs: 1 });
const PAY: Move = { type: "tool-call", callId: "c1", name: "pay", input: { euros: 5 } };

// The client prints whatever makes a run fail, also where a test means it to.
beforeEach(() => {
  const printing = vi.spyOn(console, "error").mockReturnValue();
  onTestFinished(() => printing.mockRestore());
});

function agentOf(
  server: { readonly url: string },
  name: string,
  options: Partial<HttpAgentConfig> = {},
): HttpAgent {
  return new HttpAgent({ url: `${server.url}/ag-ui/${name}`, threadId: crypto.randomUUID(), ...options });
}

function say(agent: HttpAgent, content: string): void {
  agent.addMessage({ id: crypto.randomUUID(), role: "user", content });
}

async function storedTexts(server: TestServer, thread: string): Promise<readonly string[]> {
  const history = await call(server, "GET", `/api/conversations/${thread}`);
  return (history.at("runs") as readonly { readonly response: string }[]).map(({ response }) => response);
}

it("streams answers, tools, thoughts and the app's own data, over several turns", async () => {
  const look = defineTool({
    inputSchema: z.object({ city: z.string() }),
    execute: ({ city }, { report }) => {
      report("progress", { done: 1 });
      return { city, degrees: 21 };
    },
  });
  const turns: readonly (readonly Move[])[] = [
    [
      { type: "reasoning-start", id: "r" },
      { type: "reasoning-delta", id: "r", delta: "Hm." },
      "Let me look.",
      { type: "tool-call", callId: "c1", name: "look", input: { city: "Rome" } },
    ],
    ["It is ", "warm."],
    ["You are welcome."],
  ];
  const server = await openServer({ agents: [turnsAgent(turns, { tools: { look } }).definition] });
  const agent = agentOf(server, "Script");
  const custom: unknown[] = [];
  say(agent, "How warm is it?");
  await agent.runAgent({}, { onCustomEvent: ({ event }) => void custom.push([event.name, event.value]) });
  expect(agent.messages.map(({ role }) => role)).toEqual([
    "user",
    "reasoning",
    "assistant",
    "tool",
    "assistant",
  ]);
  expect(custom).toEqual([["progress", { done: 1 }]]);
  expect(agUiText(agent)).toBe("Let me look.\n\nIt is warm.");
  expect(agent.messages[3]).toMatchObject({ content: '{"city":"Rome","degrees":21}', toolCallId: "c1" });
  say(agent, "Thanks.");
  await agent.runAgent();
  expect(agUiText(agent)).toBe((await storedTexts(server, agent.threadId)).join(""));
  // What a page that is loaded again gets is what this one shows.
  const page = agentOf(server, "Script", { threadId: agent.threadId });
  await page.runAgent();
  expect(page.messages).toEqual(agent.messages.filter(({ role }) => role !== "reasoning"));
});

it("takes back what a stumble of the model withdrew, and keeps what was said before", async () => {
  const server = await openServer({
    agents: [turnsAgent([["First."], ["Let me s", BUSY], ["Let me see."]]).definition],
  });
  const agent = agentOf(server, "Script");
  say(agent, "Go.");
  await agent.runAgent();
  const before = [...agent.messages];
  say(agent, "And?");
  const shown: string[] = [];
  await agent.runAgent({}, { onMessagesChanged: () => void shown.push(agUiText(agent)) });
  expect(agUiText(agent)).toBe("First.Let me see.");
  expect(shown).toContain("First.Let me s");
  expect(agent.messages.slice(0, 2)).toEqual(before);
});

it("loses nothing to cuts that durableFetch takes from it", async () => {
  const puppet = createPuppet();
  const server = await openServer({ agents: [puppet.definition] });
  const proxy = await openCuttingProxy(server.port);
  const durable = createDurableFetch({ limits: { backOff: { firstMs: 1, limitMs: 20 }, maxTries: 500 } });
  const agent = agentOf({ url: `http://127.0.0.1:${proxy.port}` }, "Puppet", {
    fetch: (url, init) => durable(url, init),
  });
  say(agent, "Go.");
  const reading = agent.runAgent();
  let whole = "";
  for (const chunk of CHUNKS) {
    puppet.say(chunk);
    whole += chunk;
    await eventually("it is shown", () => agUiText(agent) === whole);
    proxy.resetAll();
  }
  puppet.end();
  await reading;
  expect([agUiText(agent)]).toEqual(await storedTexts(server, agent.threadId));
  expect(puppet.steps).toHaveLength(1);
});

it("goes on where it stands when the client runs again with half an answer, or in another page", async () => {
  const puppet = createPuppet();
  const server = await openServer({ agents: [puppet.definition] });
  const agent = agentOf(server, "Puppet");
  say(agent, "Go.");
  const first = agent.runAgent();
  puppet.say("half of ");
  await eventually("half is shown", () => agUiText(agent) === "half of ");
  // Closing the connection cancels nothing.
  agent.abortRun();
  await first;
  const again = agent.runAgent();
  const page = agentOf(server, "Puppet", { threadId: agent.threadId });
  const other = page.runAgent();
  await eventually("both have it", () => agUiText(page) === "half of " && puppet.busy === 1);
  puppet.say("the whole");
  puppet.end();
  await Promise.all([again, other]);
  expect(agUiText(agent)).toBe("half of the whole");
  expect(page.messages).toEqual(agent.messages);
  expect(puppet.steps).toHaveLength(1);
});

it("is cut, rejects, and has every character once when it runs again", async () => {
  const unhandled = catchUnhandled();
  const puppet = createPuppet();
  const server = await openServer({ agents: [puppet.definition] });
  const proxy = await openCuttingProxy(server.port);
  const agent = agentOf({ url: `http://127.0.0.1:${proxy.port}` }, "Puppet");
  say(agent, "Go.");
  let whole = "";
  for (const chunk of CHUNKS.slice(0, 3)) {
    const reading = agent.runAgent();
    const broken = reading.then(
      () => false,
      () => true,
    );
    puppet.say(chunk);
    whole += chunk;
    await eventually("it is shown", () => agUiText(agent) === whole);
    proxy.resetAll();
    expect(await broken).toBe(true);
  }
  const reading = agent.runAgent();
  puppet.end();
  await reading;
  expect(agUiText(agent)).toBe(whole);
  expect(puppet.steps).toHaveLength(1);
  await eventually("the client has raised one for each cut", () => unhandled.length === 3);
});

/** On a cut the client also raises a rejection that nobody can handle, which ends a Node process that does not expect it. */
function catchUnhandled(): readonly unknown[] {
  const caught: unknown[] = [];
  const others = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", (reason) => void caught.push(reason));
  onTestFinished(() => {
    process.removeAllListeners("unhandledRejection");
    for (const listener of others) process.on("unhandledRejection", listener);
  });
  return caught;
}

it("stops the agent by the native API alone", async () => {
  const puppet = createPuppet();
  const server = await openServer({ agents: [puppet.definition] });
  const agent = agentOf(server, "Puppet");
  say(agent, "Go.");
  const outcomes: unknown[] = [];
  const reading = agent.runAgent(
    {},
    { onRunFinishedEvent: ({ event }) => void outcomes.push(event.outcome) },
  );
  puppet.say("half");
  await eventually("half is shown", () => agUiText(agent) === "half");
  await call(server, "POST", `/api/agents/Puppet/run/${agent.threadId}/cancel`);
  await reading;
  expect(outcomes).toEqual([{ type: "cancelled" }]);
  expect([agUiText(agent)]).toEqual(await storedTexts(server, agent.threadId));
});

it.each([
  [{ status: "resolved", payload: { approved: true } } as const, [5]],
  [{ status: "resolved", payload: { approved: false, reason: "Too much." } } as const, []],
  [{ status: "cancelled" } as const, []],
])("asks a person and goes on with the answer %j", async (answer, expected) => {
  const paid: number[] = [];
  const pay = defineTool({
    inputSchema: z.object({ euros: z.number() }),
    needsApproval: true,
    execute: ({ euros }) => {
      paid.push(euros);
      return { paid: euros };
    },
  });
  const { definition } = turnsAgent([["I would pay.", PAY], ["Done."]], { tools: { pay } });
  const server = await openServer({ agents: [definition] });
  const agent = agentOf(server, "Script");
  say(agent, "Pay.");
  await agent.runAgent();
  const [interrupt] = agent.pendingInterrupts as readonly Interrupt[];
  expect(interrupt).toMatchObject({ reason: "tool_approval", toolCallId: "c1" });
  expect(paid).toEqual([]);
  await agent.runAgent({ resume: [{ interruptId: interrupt!.id, ...answer }] });
  expect(agent.pendingInterrupts).toEqual([]);
  expect(paid).toEqual(expected);
  expect([agUiText(agent)]).toEqual(await storedTexts(server, agent.threadId));
  expect(agUiText(agent)).toBe("I would pay.\n\nDone.");
});

it("says why an answer failed", async () => {
  const failing = scriptAgent(["So far ", new AgentError("model_failed", "The model gave up.")]);
  const server = await openServer({ agents: [failing] });
  const agent = agentOf(server, "Script");
  say(agent, "Go.");
  const codes: unknown[] = [];
  await agent
    .runAgent({}, { onRunErrorEvent: ({ event }) => void codes.push([event.code, event.message]) })
    .catch((error: unknown) => expect(String(error)).toContain("The model gave up."));
  expect(codes).toEqual([["model_failed", "The model gave up."]]);
});

it("brings along what was said elsewhere, once, with the client's own ids and instructions", async () => {
  const { definition, steps } = turnsAgent([["Let me s", BUSY], ["Blue."], ["Also."]]);
  const server = await openServer({ agents: [definition] });
  const agent = agentOf(server, "Script", {
    initialMessages: [
      { id: "s", role: "system", content: "Be brief." },
      { id: "e1", role: "user", content: "My name is Ada." },
      { id: "e2", role: "assistant", content: "Hello, Ada." },
    ],
  });
  say(agent, "What colour is the sky?");
  await agent.runAgent({
    context: [{ description: "Weather", value: "fine" }],
    forwardedProps: { tenant: "a" },
  });
  const stored = await call(server, "GET", `/api/conversations/${agent.threadId}`);
  expect(stored.at("runs.0.metadata.ag-ui.forwardedProps")).toEqual({ tenant: "a" });
  expect(agent.messages.map(({ id }) => id).slice(0, 3)).toEqual(["s", "e1", "e2"]);
  expect(agUiText(agent)).toBe("Hello, Ada.Blue.");
  expect(steps[0]!.instructions).toContain("Be brief.\n\nWeather: fine");
  say(agent, "And the sea?");
  await agent.runAgent();
  const said = steps.at(-1)!.messages.map(({ content }) => (content[0] as { text: string }).text);
  expect(said).toEqual([
    "My name is Ada.",
    "Hello, Ada.",
    "What colour is the sky?",
    "Blue.",
    "And the sea?",
  ]);
});

it("shows a run that was started on the native API", async () => {
  const puppet = createPuppet();
  const server = await openServer({ agents: [puppet.definition] });
  const { conversation } = await startRun(server, "Puppet", "Hello.");
  const agent = agentOf(server, "Puppet", { threadId: conversation });
  const reading = agent.runAgent();
  puppet.say("Hi.");
  puppet.end();
  await reading;
  expect(agent.messages).toMatchObject([
    { role: "user", content: "Hello." },
    { role: "assistant", content: "Hi." },
  ]);
  const connected = await call(server, "GET", `/ag-ui/Puppet/${conversation}`);
  expect(connected.body).toContain('"RUN_FINISHED"');
});

it("still shows a thread whose stream has expired", async () => {
  let now = Date.now();
  const server = await openServer({
    agents: [turnsAgent([["One.", PAY], ["Two."]]).definition],
    storeOptions: { now: () => now, streamTtlMs: 1000 },
  });
  const agent = agentOf(server, "Script");
  say(agent, "Go.");
  await agent.runAgent();
  now += 3_600_000;
  const page = agentOf(server, "Script", { threadId: agent.threadId });
  await page.runAgent();
  expect(agUiText(page)).toBe("One.\n\nTwo.");
  expect(page.messages.map(({ id }) => id)).toEqual(agent.messages.map(({ id }) => id));
});

it("still shows the texts of one step apart when its stream has expired", async () => {
  let now = Date.now();
  const parts = ["one", "two"].flatMap((id): readonly Move[] => [
    { type: "text-start", id },
    { type: "text-delta", id, delta: `Text ${id}.` },
    { type: "text-end", id },
  ]);
  const server = await openServer({
    agents: [turnsAgent([parts]).definition],
    storeOptions: { now: () => now, streamTtlMs: 1000 },
  });
  const agent = agentOf(server, "Script");
  say(agent, "Go.");
  await agent.runAgent();
  now += 3_600_000;
  const page = agentOf(server, "Script", { threadId: agent.threadId });
  await page.runAgent();
  expect([agUiText(agent), agUiText(page)]).toEqual(["Text one.\n\nText two.", "Text one.\n\nText two."]);
});

it("shows a run whose metadata looks like its own, and is not", async () => {
  const server = await openServer({ agents: [scriptAgent(["Hi."])] });
  const metadata = { "ag-ui": { messageId: 5, system: 5, preceding: null }, a2a: { messageId: 5 } };
  const { conversation } = await startRun(server, "Script", { message: "Go.", metadata });
  const page = agentOf(server, "Script", { threadId: conversation });
  await page.runAgent();
  expect(page.messages.map(({ id }) => id)).toEqual([`${conversation}~1:input`, `${conversation}~1:1`]);
  const get = { jsonrpc: "2.0", id: 1, method: "GetTask", params: { id: `${conversation}~1` } };
  const task = await call(server, "POST", "/a2a", get);
  expect(task.at("result.history.0.messageId")).toBe(`${conversation}~1:input`);
});

it("refuses by name what it does not support", async () => {
  const server = await openServer({ agents: [scriptAgent(["Hi."])] });
  const body = {
    threadId: "t",
    runId: "r",
    messages: [{ id: "m", role: "user", content: "Hi." }],
    tools: [],
    context: [],
    state: {},
  };
  const refusal = async (change: object, path = "/ag-ui/Script") => {
    const answer = await call(server, "POST", path, { ...body, ...change });
    return [answer.status, answer.at("error.field") ?? answer.at("error.code")];
  };
  expect(await refusal({ tools: [{ name: "x", description: "", parameters: {} }] })).toEqual([400, "tools"]);
  expect(await refusal({ state: { a: 1 } })).toEqual([400, "state"]);
  expect(await refusal({ parentRunId: "r0" })).toEqual([400, "parentRunId"]);
  expect(await refusal({ messages: [] })).toEqual([400, "messages"]);
  expect(await refusal({ threadId: "no/slash" })).toEqual([400, "conversation_id"]);
  expect(await refusal({ resume: [{ interruptId: "1:2:x", status: "resolved", payload: 1 }] })).toEqual([
    400,
    "resume.0.payload",
  ]);
  expect(await refusal({ resume: [{ interruptId: "1:2:x", status: "cancelled" }] })).toEqual([
    404,
    "conversation_not_found",
  ]);
  expect(await refusal({}, "/ag-ui/Nobody")).toEqual([404, "agent_not_found"]);
  const image = { id: "m", role: "user", content: [{ type: "image", source: { type: "url", value: "x" } }] };
  expect(await refusal({ messages: [image] })).toEqual([400, "messages.0.content.0"]);
});

afterAll(() => {
  recordSupport({
    client: "@ag-ui/client",
    version: installedVersion("@ag-ui/client"),
    as: "`HttpAgent`",
    start: "yes",
    stream: "yes",
    resume: "`runAgent()` again, or by itself over `durableFetch`",
    exact: "yes",
    cancel: "by the native API",
    approve: "yes",
  });
});
