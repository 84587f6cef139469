import { describe, expect, it } from "vitest";
import * as z from "zod";
import { createDurableFetch } from "../../src/client/index.ts";
import { AgentError } from "../../src/core/index.ts";
import { defineTool } from "../../src/define-agent.ts";
import type { AgentDefinition } from "../../src/define-agent.ts";
import { AI_SDK_VERSIONS } from "../../src/projections/ai-sdk/index.ts";
import type { AiSdkVersion } from "../../src/projections/ai-sdk/index.ts";
import { eventually } from "../../src/testing/index.ts";
import { call } from "../support/api.ts";
import { openCuttingProxy } from "../support/cutting-proxy.ts";
import { openServer } from "../support/holdfast-server.ts";
import type { TestServer } from "../support/holdfast-server.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { createPuppet, scriptAgent, turnsAgent } from "../support/test-agents.ts";
import type { Move } from "../support/test-agents.ts";
import { createStockChat, partsOf, shownText, storedTexts } from "./ai-sdk-chat.ts";
import type { ChatOptions, StockChat } from "./ai-sdk-chat.ts";
import { installedVersion, recordSupport } from "./support-table.ts";

const CHUNKS = [
  "Day 1:\n",
  "Asakusa, ",
  "東京 ",
  "🍣",
  "\n\n",
  "data: [DONE]\n\n",
  " ",
  "\nDay 2: ",
  "the end",
];
const BUSY = new AgentError("model_unavailable", "Busy.", { retryAfterMs: 1 });
const PAY: Move = { type: "tool-call", callId: "c1", name: "pay", input: { euros: 5 } };

/** Versions that can ask a person. */
const ASKING = [6, 7] as const;

/** A chat set up as the documentation advises: what ended while nobody was connected can still be resumed. */
function chatOf(version: AiSdkVersion, server: { readonly url: string }, options: Partial<ChatOptions> = {}) {
  return createStockChat(version, { api: `${server.url}/api/chat?aiSdk=${version}&replay=true`, ...options });
}

/** The stored history of a chat, as a page that is loaded again gets it. */
async function history(server: TestServer, chat: StockChat, version: AiSdkVersion) {
  const { body } = await call(server, "GET", `/api/chat/${chat.id}?aiSdk=${version}`);
  return body as { readonly active: boolean; readonly messages: StockChat["messages"] };
}

/** An agent that says what it would do, must ask before it does it, and says that it is done. */
function payer(): { readonly definition: AgentDefinition; readonly paid: readonly number[] } {
  const paid: number[] = [];
  const pay = defineTool({
    inputSchema: z.object({ euros: z.number() }),
    needsApproval: true,
    execute: ({ euros }) => {
      paid.push(euros);
      return { paid: euros };
    },
  });
  return {
    paid,
    definition: turnsAgent([["I would pay.", PAY], ["Thank you."]], { tools: { pay } }).definition,
  };
}

describe.each(AI_SDK_VERSIONS)("useChat of ai %i over the stock DefaultChatTransport", (version) => {
  it("sends messages and shows each answer as it is stored", async () => {
    const server = await openServer({ agents: [scriptAgent(CHUNKS)] });
    const chat = chatOf(version, server);
    await chat.sendMessage({ text: "Go on." });
    expect(chat.error).toBeUndefined();
    expect(chat.status).toBe("ready");
    await chat.sendMessage({ text: "And again." });
    expect(chat.messages.map(({ role }) => role)).toEqual(["user", "assistant", "user", "assistant"]);
    const answers = chat.messages.filter(({ role }) => role === "assistant");
    expect(answers.map(shownText)).toEqual(await storedTexts(server, chat.id));
    expect(shownText(answers[0])).toBe(CHUNKS.join(""));
    expect(answers.map(({ id }) => id)).toEqual([`${chat.id}~1`, `${chat.id}~2`]);
    expect(answers[1]!.metadata).toMatchObject({
      run: `${chat.id}~2`,
      agent: "Script",
      status: "completed",
      usage: { inputTokens: 0, outputTokens: 0 },
    });
    const stored = await history(server, chat, version);
    expect(stored.active).toBe(false);
    expect(stored.messages.map(({ id }) => id)).toEqual(chat.messages.map(({ id }) => id));
    expect(stored.messages.map(shownText)).toEqual(chat.messages.map(shownText));
  });

  it("shows reasoning, tools that the server runs with their results, and the app's own data", async () => {
    const look = defineTool({
      inputSchema: z.object({ city: z.string() }),
      execute: ({ city }, { report }) => {
        report("progress", { done: 1 });
        if (city === "Nowhere") throw new Error("There is no such place.");
        return { city, degrees: 21 };
      },
    });
    const turns: readonly (readonly Move[])[] = [
      [
        { type: "reasoning-start", id: "r" },
        { type: "reasoning-delta", id: "r", delta: "Hm." },
        "Let me look.",
        { type: "tool-call", callId: "rome", name: "look", input: { city: "Rome" } },
        { type: "tool-call", callId: "nowhere", name: "look", input: { city: "Nowhere" } },
      ],
      ["It is warm."],
    ];
    const server = await openServer({ agents: [turnsAgent(turns, { tools: { look } }).definition] });
    const chat = chatOf(version, server);
    await chat.sendMessage({ text: "How warm is it in Rome?" });
    expect(chat.error).toBeUndefined();
    const answer = chat.messages[1];
    expect(partsOf(answer, "reasoning")).toMatchObject([{ text: "Hm." }]);
    expect(partsOf(answer, "data-progress")).toMatchObject([{ data: { done: 1 } }, { data: { done: 1 } }]);
    const tools = [
      {
        toolName: "look",
        state: "output-available",
        input: { city: "Rome" },
        output: { city: "Rome", degrees: 21 },
      },
      {
        toolName: "look",
        state: "output-error",
        input: { city: "Nowhere" },
        errorText: "There is no such place.",
      },
    ];
    expect(partsOf(answer, "dynamic-tool")).toMatchObject(tools);
    expect(shownText(answer)).toBe("Let me look.\n\nIt is warm.");
    const stored = (await history(server, chat, version)).messages[1];
    expect(partsOf(stored, "dynamic-tool")).toMatchObject(tools);
    expect(shownText(stored)).toBe(shownText(answer));
  });

  it("is cut at random, resumes, and shows every character once", async () => {
    const seed = Date.now();
    const random = seededRandom(seed);
    const puppet = createPuppet();
    const server = await openServer({ agents: [puppet.definition] });
    const proxy = await openCuttingProxy(server.port);
    const chat = chatOf(version, { url: `http://127.0.0.1:${proxy.port}` });
    let reading = chat.sendMessage({ text: "Go." });
    for (let round = 0; round < 6; round++) {
      const said = Array.from({ length: random.between(1, 4) }, () => random.pick(CHUNKS));
      puppet.say(...said);
      const length = shownText(chat.messages[1]).length;
      await eventually(
        `more text is shown (seed ${seed})`,
        () => shownText(chat.messages[1]).length > length,
      );
      proxy.resetAll();
      await reading;
      expect(chat.status, `seed ${seed}`).toBe("error");
      reading = chat.resumeStream();
    }
    puppet.say("the end");
    puppet.end();
    await reading;
    expect(chat.status, `seed ${seed}`).toBe("ready");
    expect(chat.messages).toHaveLength(2);
    expect([shownText(chat.messages[1])], `seed ${seed}`).toEqual(await storedTexts(server, chat.id));
  });

  it("goes on in a page that was loaded again with half an answer, or with the stored messages", async () => {
    const puppet = createPuppet();
    const server = await openServer({ agents: [puppet.definition] });
    const proxy = await openCuttingProxy(server.port);
    const closed = chatOf(version, { url: `http://127.0.0.1:${proxy.port}` });
    const sending = closed.sendMessage({ text: "Go." });
    puppet.say("half of ");
    await eventually("half is shown", () => shownText(closed.messages[1]) === "half of ");
    const { active, messages } = await history(server, closed, version);
    expect(active).toBe(true);
    expect(messages.map(({ role }) => role)).toEqual(["user"]);
    const pages = [closed.messages, messages].map((known) =>
      chatOf(version, server, { id: closed.id, messages: structuredClone([...known]) }),
    );
    proxy.resetAll();
    await sending;
    const readings = pages.map((page) => page.resumeStream());
    puppet.say("the whole");
    puppet.end();
    await Promise.all(readings);
    for (const page of pages) {
      expect(page.messages.map(({ role }) => role)).toEqual(["user", "assistant"]);
      expect(page.messages.map(({ id }) => id)).toEqual([closed.messages[0]!.id, `${closed.id}~1`]);
      expect(shownText(page.messages[1])).toBe("half of the whole");
    }
  });

  it("finds nothing to resume in a new chat and in one that has ended, unless it asks for a replay", async () => {
    const server = await openServer({ agents: [scriptAgent(["Hello."])] });
    const api = `${server.url}/api/chat?aiSdk=${version}`;
    const chat = createStockChat(version, { api });
    await chat.resumeStream();
    expect(chat.status).toBe("ready");
    await chat.sendMessage({ text: "Hi." });
    const { id } = chat;
    const again = createStockChat(version, { id, api });
    await again.resumeStream();
    expect(again.messages).toEqual([]);
    const replayed = createStockChat(version, { id, api: `${api}&replay=true` });
    await replayed.resumeStream();
    expect(replayed.messages.map(shownText)).toEqual(["Hello."]);
  });

  it("stops the agent only when it is told to, once and for all", async () => {
    const puppet = createPuppet();
    const server = await openServer({ agents: [puppet.definition] });
    const chat = chatOf(version, server);
    const reading = chat.sendMessage({ text: "Go." });
    puppet.say("half");
    await eventually("half is shown", () => shownText(chat.messages[1]) === "half");
    const stops = await Promise.all([1, 2].map(() => call(server, "POST", `/api/chat/${chat.id}/stop`)));
    expect(stops.map(({ status }) => status)).toEqual([202, 202]);
    await reading;
    expect(chat.status).toBe("ready");
    expect(chat.messages[1]!.metadata).toMatchObject({ status: "cancelled" });
    const late = await call(server, "POST", `/api/chat/${chat.id}/stop`);
    expect(late.body).toEqual({ id: chat.id, status: "Canceled" });
    const stored = await history(server, chat, version);
    expect(stored.active).toBe(false);
    expect(shownText(stored.messages[1])).toBe("half");
  });

  it("shows why an answer failed", async () => {
    const failing = scriptAgent(["So far ", new AgentError("model_failed", "The model gave up.")]);
    const server = await openServer({ agents: [failing] });
    const chat = chatOf(version, server);
    await chat.sendMessage({ text: "Go." });
    expect(chat.status).toBe("error");
    expect(chat.error?.message).toBe("The model gave up.");
    const stored = await history(server, chat, version);
    expect(stored.messages[1]!.metadata).toMatchObject({
      status: "failed",
      error: { code: "model_failed", message: "The model gave up." },
    });
  });

  it("starts nothing with a message that was sent before, and streams the same answer", async () => {
    const puppet = createPuppet();
    const server = await openServer({ agents: [puppet.definition] });
    const proxy = await openCuttingProxy(server.port);
    const chat = chatOf(version, { url: `http://127.0.0.1:${proxy.port}` });
    const sending = chat.sendMessage({ text: "Go." });
    await eventually("it has begun", () => puppet.busy === 1);
    proxy.resetAll();
    await sending;
    expect(chat.status).toBe("error");
    // Without its own answer the message is the last one again: `sendMessage()` sends it once more.
    const again = chatOf(version, server, { id: chat.id, messages: chat.messages.slice(0, 1) });
    const resending = again.sendMessage();
    puppet.say("Once.");
    puppet.end();
    await resending;
    expect(shownText(again.messages[1])).toBe("Once.");
    expect(again.messages[1]!.id).toBe(`${chat.id}~1`);
    expect(puppet.steps).toHaveLength(1);
  });

  it("brings along what was said elsewhere, once", async () => {
    const { definition, steps } = turnsAgent([["Blue."]]);
    const server = await openServer({ agents: [definition] });
    const text = (said: string) => [{ type: "text", text: said }];
    const earlier: StockChat["messages"] = [
      { id: "e1", role: "user", parts: text("My name is Ada.") },
      { id: "e2", role: "assistant", parts: [{ type: "step-start" }, ...text("Hello, Ada.")] },
    ];
    const chat = chatOf(version, server, { messages: earlier });
    await chat.sendMessage({ text: "What colour is the sky?" });
    await chat.sendMessage({ text: "And the sea?" });
    expect(chat.error).toBeUndefined();
    const said = steps
      .at(-1)!
      .messages.map(({ role, content }) => [role, (content[0] as { text: string }).text]);
    expect(said).toEqual([
      ["user", "My name is Ada."],
      ["assistant", "Hello, Ada."],
      ["user", "What colour is the sky?"],
      ["assistant", "Blue."],
      ["user", "And the sea?"],
    ]);
    const stored = await history(server, chat, version);
    expect(stored.messages.map(shownText)).toEqual(chat.messages.map(shownText));
  });

  it("shows refusals in words", async () => {
    const server = await openServer({ agents: [scriptAgent(["Hello."])] });
    const refusal = async (chat: StockChat, send: () => Promise<void>): Promise<string | undefined> => {
      await send();
      return chat.error?.message;
    };
    const nobody = createStockChat(version, { api: `${server.url}/api/chat?agent=Nobody` });
    expect(await refusal(nobody, () => nobody.sendMessage({ text: "Hi." }))).toBe(
      "There is no agent Nobody. There are: Script.",
    );
    const chat = chatOf(version, server);
    await chat.sendMessage({ text: "Hi." });
    expect(await refusal(chat, () => chat.regenerate())).toContain("regenerate-message is not supported");
    const [first] = chat.messages;
    expect(await refusal(chat, () => chat.sendMessage({ text: "Edited.", messageId: first!.id }))).toBe(
      "This message was sent before with another content: what was said stays. Send a new one.",
    );
    const picture = { type: "file", mediaType: "image/png", url: "data:image/png;base64,AA==" };
    const seeing = chatOf(version, server, { messages: [{ id: "p", role: "user", parts: [picture] }] });
    expect(await refusal(seeing, () => seeing.sendMessage())).toContain(
      "Parts of type file are not supported",
    );
  });

  it("loses nothing to cuts that durableFetch takes from it", async () => {
    const puppet = createPuppet();
    const server = await openServer({ agents: [puppet.definition] });
    const proxy = await openCuttingProxy(server.port);
    const durable = createDurableFetch({ limits: { backOff: { firstMs: 1, limitMs: 20 }, maxTries: 500 } });
    const chat = chatOf(version, { url: `http://127.0.0.1:${proxy.port}` }, { fetch: durable });
    const reading = chat.sendMessage({ text: "Go." });
    let said = "";
    for (const chunk of CHUNKS) {
      puppet.say(chunk);
      said += chunk;
      await eventually("it is shown", () => shownText(chat.messages[1]) === said);
      proxy.resetAll();
    }
    puppet.end();
    await reading;
    expect(chat.error).toBeUndefined();
    expect(proxy.connections).toBeGreaterThan(CHUNKS.length);
    expect([shownText(chat.messages[1])]).toEqual(await storedTexts(server, chat.id));
  });
});

it.each([
  [5, "half of half of the whole"],
  [6, "half of the whole"],
  [7, "half of the whole"],
] as const)("resumes in the same page of a browser that lost the network: ai %i", async (version, text) => {
  const puppet = createPuppet();
  const server = await openServer({ agents: [puppet.definition] });
  const network = new AbortController();
  const chat = chatOf(version, server, {
    fetch: async (input, init) => losable(await fetch(input, init), network.signal),
  });
  const sending = chat.sendMessage({ text: "Go." });
  puppet.say("half of ");
  await eventually("half is shown", () => shownText(chat.messages[1]) === "half of ");
  network.abort();
  await sending;
  expect(chat.error).toBeInstanceOf(TypeError);
  const resuming = chat.resumeStream();
  puppet.say("the whole");
  puppet.end();
  await resuming;
  // Version 5 takes up what it had, and is then told all of it again.
  expect(shownText(chat.messages[1])).toBe(text);
});

/** A response whose first body breaks as browsers word it. */
function losable(response: Response, lost: AbortSignal): Response {
  if (lost.aborted || !response.body) return response;
  const source = response.body.getReader();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      lost.addEventListener("abort", () => controller.error(new TypeError("network error")));
    },
    async pull(controller) {
      const { value, done } = await source.read();
      if (lost.aborted) return;
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
  return new Response(body, response);
}

describe("a step that is withdrawn while the client watches", () => {
  const TURN: readonly (readonly Move[])[] = [["Half a", BUSY], ["A whole answer."]];

  it("is taken back by ai 7", async () => {
    const server = await openServer({ agents: [turnsAgent(TURN).definition] });
    const chat = chatOf(7, server);
    await chat.sendMessage({ text: "Go." });
    expect(chat.error).toBeUndefined();
    expect(shownText(chat.messages[1])).toBe("A whole answer.");
    expect(chat.messages[1]!.parts.map(({ type }) => type)).toEqual(["step-start", "text"]);
  });

  it.each([5, 6] as const)(
    "stays visible in ai %i, and is gone once the stream is resumed",
    async (version) => {
      const server = await openServer({ agents: [turnsAgent(TURN).definition] });
      const chat = chatOf(version, server);
      await chat.sendMessage({ text: "Go." });
      expect(chat.error).toBeUndefined();
      expect(shownText(chat.messages[1])).toBe("Half aA whole answer.");
      const reloaded = createStockChat(version, {
        id: chat.id,
        api: `${server.url}/api/chat?aiSdk=${version}&replay=true`,
        messages: chat.messages,
      });
      await reloaded.resumeStream();
      expect(reloaded.messages).toHaveLength(2);
      expect(shownText(reloaded.messages[1])).toBe("A whole answer.");
    },
  );

  it.each([5, 6] as const)(
    "is gone in ai %i at once for an app that resumes when it hears of it",
    async (version) => {
      const puppet = createPuppet();
      const server = await openServer({ agents: [puppet.definition] });
      let resumed: Promise<void> | undefined;
      const chat = chatOf(version, server, {
        onData({ type }) {
          if (type === "data-holdfast-step-reset") resumed = chat.stop().then(() => chat.resumeStream());
        },
      });
      const sending = chat.sendMessage({ text: "Go." });
      puppet.say("Half a", BUSY, "A whole ");
      await eventually("the half is gone", () => shownText(chat.messages[1]) === "A whole ");
      puppet.say("answer.");
      puppet.end();
      await Promise.all([sending, resumed]);
      expect(shownText(chat.messages[1])).toBe("A whole answer.");
    },
  );
});

describe.each(ASKING)("a tool that needs leave, in useChat of ai %i", (version) => {
  async function asked() {
    const agent = payer();
    const server = await openServer({ agents: [agent.definition] });
    const chat = chatOf(version, server);
    await chat.sendMessage({ text: "Buy it." });
    expect(chat.error).toBeUndefined();
    expect(chat.status).toBe("ready");
    return { ...agent, server, chat };
  }

  it("is run once it is allowed, and the same message goes on", async () => {
    const { server, chat, paid } = await asked();
    expect(partsOf(chat.messages[1], "dynamic-tool")).toMatchObject([
      { state: "approval-requested", approval: { id: "1:2:c1" }, input: { euros: 5 } },
    ]);
    expect(paid).toEqual([]);
    await chat.addToolApprovalResponse!({ id: "1:2:c1", approved: true });
    await eventually("the run has ended", () => shownText(chat.messages[1]).endsWith("Thank you."));
    await eventually("the chat is ready", () => chat.status === "ready");
    expect(paid).toEqual([5]);
    expect(chat.messages).toHaveLength(2);
    expect(partsOf(chat.messages[1], "dynamic-tool")).toMatchObject([
      { state: "output-available", output: { paid: 5 } },
    ]);
    expect([shownText(chat.messages[1])]).toEqual(await storedTexts(server, chat.id));
  });

  it("is not run when it is denied, and the agent hears why", async () => {
    const { chat, paid } = await asked();
    await chat.addToolApprovalResponse!({ id: "1:2:c1", approved: false, reason: "Too dear." });
    await eventually("the run has ended", () => shownText(chat.messages[1]).endsWith("Thank you."));
    expect(paid).toEqual([]);
    expect(partsOf(chat.messages[1], "dynamic-tool")).toMatchObject([{ state: "output-denied" }]);
  });

  it("can be allowed by a page that was loaded again, days later", async () => {
    const { server, chat, paid } = await asked();
    const { active, messages } = await history(server, chat, version);
    expect(active).toBe(true);
    const page = chatOf(version, server, { id: chat.id, messages });
    await page.resumeStream();
    expect(page.status).toBe("ready");
    expect(partsOf(page.messages[1], "dynamic-tool")).toMatchObject([{ state: "approval-requested" }]);
    await page.addToolApprovalResponse!({ id: "1:2:c1", approved: true });
    await eventually("the run has ended", () => shownText(page.messages[1]).endsWith("Thank you."));
    expect(paid).toEqual([5]);
    expect([shownText(page.messages[1])]).toEqual(await storedTexts(server, chat.id));
  });

  it("goes on through cuts after it was allowed", async () => {
    const puppet = createPuppet({
      tools: {
        pay: defineTool({ inputSchema: z.object({}), needsApproval: true, execute: () => "paid" }),
      },
    });
    const server = await openServer({ agents: [puppet.definition] });
    const proxy = await openCuttingProxy(server.port);
    const durable = createDurableFetch({ limits: { backOff: { firstMs: 1, limitMs: 20 }, maxTries: 500 } });
    const chat = chatOf(version, { url: `http://127.0.0.1:${proxy.port}` }, { fetch: durable });
    puppet.say("I would pay.", { type: "tool-call", callId: "c1", name: "pay", input: {} });
    puppet.end();
    await chat.sendMessage({ text: "Buy it." });
    void chat.addToolApprovalResponse!({ id: "1:2:c1", approved: true });
    let said = "I would pay.\n\n";
    for (const chunk of CHUNKS) {
      puppet.say(chunk);
      said += chunk;
      await eventually("it is shown", () => shownText(chat.messages[1]) === said);
      proxy.resetAll();
    }
    puppet.end();
    await eventually("the chat is ready", () => chat.status === "ready");
    expect(chat.messages).toHaveLength(2);
    expect([shownText(chat.messages[1])]).toEqual(await storedTexts(server, chat.id));
  });
});

it("shows ai 5 a request for leave as data, to be answered by the native API", async () => {
  const { definition, paid } = payer();
  const server = await openServer({ agents: [definition] });
  const chat = chatOf(5, server);
  const sending = chat.sendMessage({ text: "Buy it." });
  await eventually("it asks", () => partsOf(chat.messages[1], "data-holdfast-approval").length === 1);
  expect(partsOf(chat.messages[1], "data-holdfast-approval")).toMatchObject([
    { data: { approvalId: "1:2:c1", toolName: "pay", input: { euros: 5 } } },
  ]);
  const path = `/api/agents/Script/run/${chat.id}/approvals/1:2:c1`;
  expect(await call(server, "POST", path, { approved: true })).toMatchObject({ status: 202 });
  await sending;
  expect(chat.error).toBeUndefined();
  expect(paid).toEqual([5]);
  expect(partsOf(chat.messages[1], "data-holdfast-approval")).toMatchObject([{ data: { approved: true } }]);
  expect([shownText(chat.messages[1])]).toEqual(await storedTexts(server, chat.id));
});

it.each([
  [5, "ai-v5", "after a resume or reload", "by the native API"],
  [6, "ai-v6", "after a resume or reload", "yes"],
  [7, "ai", "yes", "yes"],
] as const)("is recorded as what ai %i was shown to do", (_version, name, exact, approve) => {
  recordSupport({
    client: "ai",
    version: installedVersion(name),
    as: "`useChat`",
    start: "yes",
    stream: "yes",
    resume: "`resumeStream()`, or by itself over `durableFetch`",
    exact,
    cancel: "`POST …/stop`",
    approve,
  });
});
