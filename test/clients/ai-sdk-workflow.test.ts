import { WorkflowChatTransport } from "@ai-sdk/workflow/client";
import type { ChatTransport, UIMessage } from "ai";
import { afterEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { createDurableFetch } from "../../src/client/index.ts";
import { AgentError } from "../../src/core/index.ts";
import { defineTool } from "../../src/define-agent.ts";
import { eventually } from "../../src/testing/index.ts";
import { call } from "../support/api.ts";
import { openCuttingProxy } from "../support/cutting-proxy.ts";
import { openServer } from "../support/holdfast-server.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { createPuppet, scriptAgent } from "../support/test-agents.ts";
import { createChatOver, partsOf, shownText, storedTexts } from "./ai-sdk-chat.ts";
import type { StockChat } from "./ai-sdk-chat.ts";
import { installedVersion, recordSupport } from "./support-table.ts";

const WORDS = ["one ", "two\n", "東京 ", "🍣", "[DONE] ", "six "];
const BUSY = new AgentError("model_unavailable", "Busy.", { retryAfterMs: 1 });

type Options = NonNullable<ConstructorParameters<typeof WorkflowChatTransport>[0]>;

afterEach(() => void vi.restoreAllMocks());

/** The stock transport. It is chatty about every cut that it survives. */
function transportTo(port: number, options: Options = {}): ChatTransport<UIMessage> {
  vi.spyOn(console, "error").mockImplementation(() => {});
  const api = `http://127.0.0.1:${port}/api/chat`;
  // It brings types of its own copy of `ai`, which say the same.
  return new WorkflowChatTransport({
    api,
    maxConsecutiveErrors: 100,
    ...options,
  }) as ChatTransport<UIMessage>;
}

/** The conversation of an answer: this transport does not name one. */
function conversationOf(chat: StockChat): string {
  return chat.messages.at(-1)!.id.split("~")[0]!;
}

describe("the stock WorkflowChatTransport", () => {
  it("counts chunks over cuts at random, and shows every character once, and nothing that was withdrawn", async () => {
    const seed = Date.now();
    const random = seededRandom(seed);
    const puppet = createPuppet();
    const server = await openServer({ agents: [puppet.definition] });
    const proxy = await openCuttingProxy(server.port);
    const chat = createChatOver(transportTo(proxy.port));
    const sending = chat.sendMessage({ text: "Go." });
    let said = "";
    for (let round = 0; round < 12; round++) {
      const word = random.pick(WORDS);
      if (round === 6) {
        puppet.say(BUSY);
        said = "";
      }
      puppet.say(word);
      said += word;
      await eventually(`it is shown (seed ${seed})`, () => shownText(chat.messages[1]) === said);
      if (random.chance(0.7)) proxy.resetAll();
    }
    puppet.end();
    await sending;
    expect(chat.error, `seed ${seed}`).toBeUndefined();
    expect(chat.messages).toHaveLength(2);
    expect([shownText(chat.messages[1])]).toEqual(await storedTexts(server, conversationOf(chat)));
    expect(shownText(chat.messages[1])).toBe(said);
    expect(proxy.connections).toBeGreaterThan(2);
  });

  it("goes on with its conversation, which only the ids of the answers name", async () => {
    const puppet = createPuppet();
    const server = await openServer({ agents: [puppet.definition] });
    const chat = createChatOver(transportTo(server.port));
    for (const answer of ["First.", "Second."]) {
      puppet.say(answer);
      puppet.end();
      await chat.sendMessage({ text: "Go on." });
    }
    expect(chat.error).toBeUndefined();
    expect(await storedTexts(server, conversationOf(chat))).toEqual(["First.", "Second."]);
    expect(puppet.steps.at(-1)!.messages).toHaveLength(3);
  });

  it.each([
    ["is stopped", "cancelled", undefined],
    ["fails", "failed", "No more."],
  ] as const)("comes to an end when the run %s", async (how, status, message) => {
    const puppet = createPuppet();
    const server = await openServer({ agents: [puppet.definition] });
    let ended = false;
    const chat = createChatOver(transportTo(server.port, { onChatEnd: () => void (ended = true) }));
    const sending = chat.sendMessage({ text: "Go." });
    puppet.say("half");
    await eventually("half is shown", () => shownText(chat.messages[1]) === "half");
    const name = chat.messages[1]!.id;
    if (how === "is stopped") await call(server, "POST", `/api/chat/${name}/stop`);
    else puppet.say(new AgentError("model_failed", "No more."));
    await sending;
    expect(chat.error?.message).toBe(message);
    if (message === undefined) {
      await eventually("the transport has ended", () => ended);
      expect(chat.messages[1]!.metadata).toMatchObject({ status });
    }
  });

  it("counts anew in what follows a wait for a person, over cuts too", async () => {
    const pay = defineTool({ inputSchema: z.object({}), needsApproval: true, execute: () => "paid" });
    const puppet = createPuppet({ tools: { pay } });
    const server = await openServer({ agents: [puppet.definition] });
    const proxy = await openCuttingProxy(server.port);
    const chat = createChatOver(transportTo(proxy.port));
    puppet.say("I would pay.", { type: "tool-call", callId: "c1", name: "pay", input: {} });
    puppet.end();
    await chat.sendMessage({ text: "Buy it." });
    expect(partsOf(chat.messages[1], "dynamic-tool")).toMatchObject([{ state: "approval-requested" }]);
    void chat.addToolApprovalResponse!({ id: "1:2:c1", approved: true });
    let said = "I would pay.\n\n";
    for (const word of WORDS) {
      puppet.say(word);
      said += word;
      await eventually("it is shown", () => shownText(chat.messages[1]) === said);
      proxy.resetAll();
    }
    puppet.end();
    await eventually("the chat is ready", () => chat.status === "ready");
    expect(chat.error).toBeUndefined();
    expect(partsOf(chat.messages[1], "dynamic-tool")).toMatchObject([
      { state: "output-available", output: "paid" },
    ]);
    expect([shownText(chat.messages[1])]).toEqual(await storedTexts(server, conversationOf(chat)));
  });

  it("reads only the newest chunks, and counts on from there", async () => {
    const puppet = createPuppet();
    const server = await openServer({ agents: [puppet.definition] });
    const proxy = await openCuttingProxy(server.port);
    const first = createChatOver(transportTo(server.port));
    const sending = first.sendMessage({ text: "Go." });
    puppet.say(...WORDS);
    await eventually("all is shown", () => shownText(first.messages[1]) === WORDS.join(""));
    const id = conversationOf(first);
    const late = createChatOver(transportTo(proxy.port, { initialStartIndex: -(WORDS.length + 2) }), { id });
    const reading = late.resumeStream();
    await eventually("the tail is shown", () => shownText(late.messages[0]) === WORDS.join(""));
    proxy.resetAll();
    puppet.say("seven");
    puppet.end();
    await Promise.all([sending, reading]);
    expect(late.error).toBeUndefined();
    expect(shownText(late.messages[0])).toBe([...WORDS, "seven"].join(""));
  });

  it("resumes a run that has ended, since it asks until it hears of the end", async () => {
    const server = await openServer({ agents: [scriptAgent(WORDS)] });
    const first = createChatOver(transportTo(server.port));
    await first.sendMessage({ text: "Go." });
    const late = createChatOver(transportTo(server.port), { id: conversationOf(first) });
    await late.resumeStream();
    expect(late.messages.map(shownText)).toEqual([WORDS.join("")]);
  });

  it("needs nothing of its own over durableFetch, which counts as it does", async () => {
    const puppet = createPuppet();
    const server = await openServer({ agents: [puppet.definition] });
    const proxy = await openCuttingProxy(server.port);
    const durable = createDurableFetch({ limits: { backOff: { firstMs: 1, limitMs: 20 }, maxTries: 500 } });
    const chat = createChatOver(transportTo(proxy.port, { fetch: durable }));
    const sending = chat.sendMessage({ text: "Go." });
    let said = "";
    for (const word of WORDS) {
      puppet.say(word);
      said += word;
      await eventually("it is shown", () => shownText(chat.messages[1]) === said);
      proxy.resetAll();
    }
    puppet.end();
    await sending;
    expect(shownText(chat.messages[1])).toBe(said);
    expect(console.error).not.toHaveBeenCalled();
  });
});

it("is recorded as what the transport was shown to do", () => {
  recordSupport({
    client: "@ai-sdk/workflow",
    version: installedVersion("@ai-sdk/workflow"),
    start: "yes",
    stream: "yes",
    resume: "by itself",
    exact: "yes",
    cancel: "`POST …/stop`",
    approve: "yes",
  });
});
