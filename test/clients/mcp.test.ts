import { afterAll, describe, expect, it } from "vitest";
import { AgentError } from "../../src/core/index.ts";
import { eventually } from "../../src/testing/index.ts";
import { call } from "../support/api.ts";
import { openCuttingProxy } from "../support/cutting-proxy.ts";
import { openServer, storePlace } from "../support/holdfast-server.ts";
import type { TestServer } from "../support/holdfast-server.ts";
import { createPuppet, scriptAgent, turnsAgent } from "../support/test-agents.ts";
import { MCP_CLIENTS, openMcp } from "./mcp-clients.ts";
import { installedVersion, recordSupport } from "./support-table.ts";

const BUSY = new AgentError("model_unavailable", "Busy.", { retryAfterMs: 1 });

async function stored(server: TestServer, threadId: string): Promise<readonly string[]> {
  const history = await call(server, "GET", `/api/conversations/${threadId}`);
  return (history.at("runs") as readonly { readonly response: string }[]).map(({ response }) => response);
}

describe.each(MCP_CLIENTS)("%s", (name) => {
  it("finds a tool for each agent, calls it, and goes on with its thread", async () => {
    const server = await openServer({
      agents: [
        scriptAgent(["Hello ", "there."], { description: "Greets." }),
        scriptAgent(["Ho."], { name: "Other" }),
      ],
    });
    const client = await openMcp(name, server.url);
    await client.ping();
    const tools = await client.tools();
    expect(tools.map((tool) => [tool.name, tool.description])).toEqual([
      ["Script", "Greets."],
      ["Other", "Asks the agent Other."],
    ]);
    const first = await client.call("Script", { query: "Hi." });
    expect(first).toMatchObject({ text: "Hello there.", isError: false, status: "completed" });
    expect(first.runId).toBe(`${first.threadId}~1`);
    const second = await client.call("Script", { query: "Again.", threadId: first.threadId });
    expect(second.runId).toBe(`${first.threadId}~2`);
    expect(await stored(server, first.threadId)).toEqual(["Hello there.", "Hello there."]);
    // Requests of another session are other calls, though their ids are the same.
    const other = await openMcp(name, server.url);
    await other.ping();
    await other.tools();
    expect((await other.call("Script", { query: "Hi." })).threadId).not.toBe(first.threadId);
  });

  it("hears how the answer grows, and in the end what is stored", async () => {
    const { definition } = turnsAgent([
      ["Let me s", BUSY],
      ["Let ", "me see."],
    ]);
    const server = await openServer({ agents: [definition] });
    const client = await openMcp(name, server.url);
    const heard: { readonly progress: number; readonly message?: string | undefined }[] = [];
    const { text } = await client.call(
      "Script",
      { query: "Go." },
      { onprogress: (each) => void heard.push(each) },
    );
    expect(text).toBe("Let me see.");
    expect(heard.map(({ message }) => message)).toEqual([
      "Let me s",
      expect.stringContaining("begins again"),
      "Let ",
      "me see.",
    ]);
    expect(heard.map(({ progress }) => progress)).toEqual([1, 2, 3, 4]);
  });

  it("survives cuts by itself, before the first word and after, with the agent run once", async () => {
    const silent = createPuppet({ name: "Silent" });
    const loud = createPuppet({ name: "Loud" });
    const server = await openServer({ agents: [silent.definition, loud.definition] });
    const proxy = await openCuttingProxy(server.port);
    const client = await openMcp(name, `http://127.0.0.1:${proxy.port}`);
    const heard: string[] = [];
    const calls = [
      client.call("Silent", { query: "Go." }),
      client.call("Loud", { query: "Go." }, { onprogress: ({ message }) => void heard.push(message ?? "") }),
    ] as const;
    loud.say("one ", "two ", "three ");
    await eventually("something is said", () => heard.length === 3 && silent.busy === 1);
    const before = proxy.connections;
    proxy.resetAll();
    await eventually("they have reconnected", () => proxy.connections >= before + 2);
    silent.say("nothing");
    loud.say("four");
    silent.end();
    loud.end();
    const answers = await Promise.all(calls);
    expect(answers.map(({ text }) => text)).toEqual(["nothing", "one two three four"]);
    expect(heard).toEqual(["one ", "two ", "three ", "four"]);
    for (const { text, threadId } of answers) expect([text]).toEqual(await stored(server, threadId));
    expect([silent, loud].map(({ steps }) => steps.length)).toEqual([1, 1]);
  });

  it("cancels the agent when the client cancels the call, with a thread of its own and without", async () => {
    const puppet = createPuppet();
    const server = await openServer({ agents: [puppet.definition, scriptAgent(["Hi."])] });
    const client = await openMcp(name, server.url);
    for (const input of [{ query: "Go." }, { query: "Go.", threadId: "named" }]) {
      const abort = new AbortController();
      const calling = client.call("Puppet", input, { signal: abort.signal });
      await eventually("it is under way", () => puppet.busy === 1);
      abort.abort("Enough.");
      await expect(calling).rejects.toThrow();
      await eventually("the agent has stopped", () => puppet.busy === 0);
    }
    const history = await call(server, "GET", "/api/conversations/named");
    expect(history.at("runs.0.status")).toBe("cancelled");
  });

  it("is told what was wrong: with the tool, its input, or the answer", async () => {
    const failing = scriptAgent(["So far ", new AgentError("model_failed", "The model gave up.")]);
    const server = await openServer({ agents: [failing] });
    const client = await openMcp(name, server.url);
    await expect(client.call("Nobody", { query: "Hi." })).rejects.toThrow(
      "There is no tool Nobody. There are: Script.",
    );
    await expect(client.call("Script", {})).rejects.toThrow("query");
    await expect(client.call("Script", { query: " " })).rejects.toThrow("must not be empty");
    await expect(client.call("Script", { query: "Hi.", thread: "x" })).rejects.toThrow("thread");
    await expect(client.call("Script", { query: "Hi.", threadId: "no/slash" })).rejects.toThrow(
      "conversation id",
    );
    expect(await client.call("Script", { query: "Hi." })).toMatchObject({
      isError: true,
      status: "failed",
      text: "So far \nThe model gave up.",
    });
  });
});

describe("MCP on the wire", () => {
  const rpc = (method: string, params?: unknown) => ({ jsonrpc: "2.0", id: 1, method, params });
  const hi = rpc("tools/call", { name: "Script", arguments: { query: "Hi." } });

  it.each<[string, string, string, unknown, Record<string, string>, number, number | undefined]>([
    ["no JSON", "POST", "/mcp", "{", {}, 400, -32_700],
    ["a batch", "POST", "/mcp", [rpc("ping")], {}, 400, -32_600],
    ["an unknown method", "POST", "/mcp", rpc("resources/list"), {}, 200, -32_601],
    ["another version", "POST", "/mcp", rpc("ping"), { "mcp-protocol-version": "2024-11-05" }, 400, -32_600],
    ["a task", "POST", "/mcp", rpc("tools/call", { name: "Script", task: {} }), {}, 200, -32_602],
    ["listening to nothing", "GET", "/mcp", undefined, {}, 405, undefined],
    ["an id of nowhere", "GET", "/mcp", undefined, { "last-event-id": "x:1" }, 400, undefined],
    ["the end of a session", "DELETE", "/mcp", undefined, {}, 405, undefined],
  ])("refuses %s", async (_what, method, path, body, headers, status, number) => {
    const server = await openServer({ agents: [scriptAgent(["Hi."])] });
    const answer = await call(server, method, path, body, headers);
    expect(answer.status).toBe(status);
    if (number !== undefined) expect(answer.at("error.code")).toBe(number);
  });

  it("takes notifications and answers without a word", async () => {
    const server = await openServer({ agents: [scriptAgent(["Hi."])] });
    const messages = [
      { jsonrpc: "2.0", method: "notifications/initialized" },
      { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 7 } },
      { jsonrpc: "2.0", id: 7, result: {} },
    ];
    for (const message of messages) expect((await call(server, "POST", "/mcp", message)).status).toBe(202);
  });

  it("refuses pages of origins that are not allowed", async () => {
    const server = await openServer({
      agents: [scriptAgent(["Hi."])],
      http: { allowedOrigins: ["https://app.example.com"] },
    });
    const of = (origin: string) => call(server, "POST", "/mcp", rpc("ping"), { origin });
    expect((await of("https://evil.example.com")).status).toBe(403);
    expect((await of("https://app.example.com")).status).toBe(200);
  });

  it("goes on with an answer on another node, with nothing but the id of its newest event", async () => {
    const open = await storePlace("redis");
    const puppet = createPuppet();
    const [first, second] = [
      await openServer({ agents: [puppet.definition], store: await open() }),
      await openServer({ agents: [puppet.definition], store: await open() }),
    ];
    const headers = { "content-type": "application/json", "mcp-protocol-version": "2025-11-25" };
    const body = JSON.stringify(rpc("tools/call", { name: "Puppet", arguments: { query: "Go." } }));
    const cut = await fetch(`${first.url}/mcp`, { method: "POST", headers, body });
    const { value } = await cut.body!.pipeThrough(new TextDecoderStream()).getReader().read();
    const [, id = ""] = /^id: (.*)$/m.exec(value!)!;
    const resuming = call(second, "GET", "/mcp", undefined, { "last-event-id": id });
    await eventually("it is under way", () => puppet.busy === 1);
    puppet.say("From elsewhere.");
    puppet.end();
    expect((await resuming).body).toContain('"text":"From elsewhere."');
  });

  it("starts nothing for a request that its session has sent before", async () => {
    const { definition, steps } = turnsAgent([["Once."]]);
    const server = await openServer({ agents: [definition] });
    const session = { "mcp-session-id": "s-1", "mcp-protocol-version": "2025-11-25" };
    const first = await call(server, "POST", "/mcp", hi, session);
    const second = await call(server, "POST", "/mcp", hi, session);
    expect(second.body).toBe(first.body);
    expect(steps).toHaveLength(1);
    const [, id = ""] = /^id: (.*)$/m.exec(first.body as string)!;
    const resumed = await call(server, "GET", "/mcp", undefined, { "last-event-id": id });
    expect(resumed.body).toContain('"result"');
    expect(resumed.body).toContain('"id":1');
  });

  it("starts one run for calls under one Idempotency-Key, whatever their sessions and ids", async () => {
    const { definition, steps } = turnsAgent([["Once."]]);
    const server = await openServer({ agents: [definition] });
    const under = (session: string) => ({
      "mcp-session-id": session,
      "mcp-protocol-version": "2025-11-25",
      "idempotency-key": "k-1",
    });
    const first = await call(server, "POST", "/mcp", hi, under("s-1"));
    const second = await call(server, "POST", "/mcp", { ...hi, id: 7 }, under("s-2"));
    expect(threadIn(second.body)).toBe(threadIn(first.body));
    expect(second.body).toContain('"id":7');
    expect(steps).toHaveLength(1);
  });
});

function threadIn(body: unknown): string | undefined {
  return /"threadId":"([^"]+)"/.exec(String(body))?.[1];
}

afterAll(() => {
  for (const client of MCP_CLIENTS) {
    recordSupport({
      client,
      version: installedVersion(client),
      start: "yes",
      stream: "progress",
      resume: "by itself",
      exact: "yes",
      cancel: "yes",
      approve: "by the native API",
    });
  }
});
