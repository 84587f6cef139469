import { createOpenAI } from "@ai-sdk/openai";
import type { OpenAIProvider } from "@ai-sdk/openai";
import { generateText, streamText } from "ai";
import type { ModelMessage } from "ai";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { createDurableFetch } from "../../src/client/index.ts";
import { defineTool } from "../../src/define-agent.ts";
import { eventually } from "../../src/testing/index.ts";
import { call } from "../support/api.ts";
import { openCuttingProxy } from "../support/cutting-proxy.ts";
import { openServer } from "../support/holdfast-server.ts";
import { createPuppet, scriptAgent, turnsAgent } from "../support/test-agents.ts";
import type { Move } from "../support/test-agents.ts";
import { installedVersion, recordSupport } from "./support-table.ts";

// An agent as a model of the AI SDK: the stock provider for OpenAI, at our address.

const LOOK: Move = { type: "tool-call", callId: "c1", name: "look", input: { city: "Rome" } };

function looker(needsApproval = false) {
  const looked: string[] = [];
  const look = defineTool({
    inputSchema: z.object({ city: z.string() }),
    needsApproval,
    execute: ({ city }) => {
      looked.push(city);
      return "sun";
    },
  });
  return { looked, ...turnsAgent([["Looking.", LOOK], ["Sun."], ["Yes."]], { tools: { look } }) };
}

function providerOf(
  port: number,
  fetchGiven: typeof fetch = fetch,
): { openai: OpenAIProvider; asked: () => number } {
  let asked = 0;
  const openai = createOpenAI({
    baseURL: `http://127.0.0.1:${port}/v1`,
    apiKey: "test",
    fetch: (input, init) => {
      asked += 1;
      return fetchGiven(input, init);
    },
  });
  return { openai, asked: () => asked };
}

describe("the AI SDK's provider for OpenAI", () => {
  it("generates text with tools that the agent executes, in one request", async () => {
    const agent = looker();
    const server = await openServer({ agents: [agent.definition] });
    const { openai, asked } = providerOf(server.port);
    const result = await generateText({
      model: openai.responses("Script"),
      prompt: "Weather?",
      system: "Be short.",
    });
    expect(result.content.map(({ type }) => type)).toEqual(["text", "tool-call", "tool-result", "text"]);
    expect(result.toolCalls).toMatchObject([
      { toolName: "mcp.look", providerExecuted: true, input: { city: "Rome" } },
    ]);
    expect(result.content.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("")).toBe(
      "Looking.\n\nSun.",
    );
    expect(result.finishReason).toBe("stop");
    expect(asked()).toBe(1);
    expect(agent.looked).toEqual(["Rome"]);
    expect(agent.steps[0]!.instructions).toContain("Be short.");
  });

  it("streams exactly the stored text", async () => {
    const agent = looker();
    const server = await openServer({ agents: [agent.definition] });
    const { openai, asked } = providerOf(server.port);
    const result = streamText({ model: openai.responses("Script"), prompt: "Weather?" });
    let text = "";
    const types = new Set<string>();
    for await (const part of result.stream) {
      types.add(part.type);
      if (part.type === "text-delta") text += part.text;
    }
    expect([...types]).not.toContain("error");
    expect([...types]).toEqual(expect.arrayContaining(["tool-call", "tool-result", "finish"]));
    expect(text).toBe("Looking.\n\nSun.");
    expect(await result.finishReason).toBe("stop");
    expect(asked()).toBe(1);
  });

  it("goes on with what it was told, referring to items of earlier answers", async () => {
    const agent = looker();
    const server = await openServer({ agents: [agent.definition] });
    const { openai } = providerOf(server.port);
    const messages: ModelMessage[] = [{ role: "user", content: "Weather?" }];
    const first = await generateText({ model: openai.responses("Script"), messages });
    messages.push(...first.response.messages, { role: "user", content: "Sure?" });
    const second = await generateText({ model: openai.responses("Script"), messages });
    expect(second.text).toBe("Yes.");
    expect(agent.steps[2]!.messages.map(({ role }) => role)).toEqual([
      "user",
      "assistant",
      "tool",
      "assistant",
      "user",
    ]);
  });

  it("asks for leave and goes on with the answer, in the same run", async () => {
    const agent = looker(true);
    const server = await openServer({ agents: [agent.definition] });
    const { openai } = providerOf(server.port);
    const messages: ModelMessage[] = [{ role: "user", content: "Weather?" }];
    const first = await generateText({ model: openai.responses("Script"), messages });
    const request = first.content.find((part) => part.type === "tool-approval-request");
    expect(request).toMatchObject({ toolCall: { toolName: "mcp.look" } });
    expect(agent.looked).toEqual([]);
    messages.push(...first.response.messages, {
      role: "tool",
      content: [
        {
          type: "tool-approval-response",
          approvalId: request!.approvalId,
          approved: true,
          providerExecuted: true,
        },
      ],
    });
    const second = await generateText({ model: openai.responses("Script"), messages });
    expect(second.text).toContain("Sun.");
    messages.push(...second.response.messages, { role: "user", content: "Sure?" });
    expect((await generateText({ model: openai.responses("Script"), messages })).text).toBe("Yes.");
    expect(agent.steps[2]!.messages.map(({ role }) => role)).toEqual([
      "user",
      "assistant",
      "tool",
      "assistant",
      "user",
    ]);
    expect(agent.looked).toEqual(["Rome"]);
    expect((await call(server, "GET", "/api/conversations")).body).toMatchObject({
      conversations: [{ runs: 1 }, { runs: 1 }],
    });
  });

  it("does not notice cuts over a durable fetch", async () => {
    const puppet = createPuppet();
    const server = await openServer({ agents: [puppet.definition] });
    const proxy = await openCuttingProxy(server.port);
    const durable = createDurableFetch({ limits: { backOff: { firstMs: 1, limitMs: 20 }, maxTries: 500 } });
    const { openai } = providerOf(proxy.port, durable);
    const result = streamText({ model: openai.responses("Puppet"), prompt: "Go on." });
    let text = "";
    const reading = (async () => {
      for await (const piece of result.textStream) text += piece;
    })();
    for (const chunk of ["one ", "two ", "three "]) {
      puppet.say(chunk);
      await eventually("the chunk", () => text.endsWith(chunk));
      proxy.resetAll();
    }
    puppet.end();
    await reading;
    expect(text).toBe("one two three ");
  });

  it("is refused tools of its own, and repeats nothing that takes too long", async () => {
    const puppet = createPuppet();
    const agents = [puppet.definition, scriptAgent(["ok"])];
    const server = await openServer({ agents, limits: { waitForResponseMs: 10 } });
    const { openai, asked } = providerOf(server.port);
    const tools = { mine: { inputSchema: z.object({}) } };
    await expect(generateText({ model: openai.responses("Script"), prompt: "x", tools })).rejects.toThrow(
      /tools/,
    );
    await expect(generateText({ model: openai.responses("Puppet"), prompt: "x" })).rejects.toThrow(
      /in progress/,
    );
    expect(asked()).toBe(2);
    expect(puppet.steps.length).toBeLessThanOrEqual(1);
  });
});

it("is recorded what the stock provider was shown to do", () => {
  recordSupport({
    client: "@ai-sdk/openai",
    version: installedVersion("@ai-sdk/openai"),
    as: "an agent as a model",
    start: "yes",
    stream: "yes",
    resume: "by itself over `durableFetch`",
    exact: "`generateText`; `streamText` shows both tries",
    cancel: "no",
    approve: "yes",
  });
});
