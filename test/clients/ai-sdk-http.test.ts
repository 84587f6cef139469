import { describe, expect, it } from "vitest";
import * as z from "zod";
import { defineTool } from "../../src/define-agent.ts";
import { eventually } from "../../src/testing/index.ts";
import { call, statusOnce } from "../support/api.ts";
import type { Answer } from "../support/api.ts";
import { openServer, STORE_KINDS, storePlace } from "../support/holdfast-server.ts";
import type { TestServer } from "../support/holdfast-server.ts";
import { createPuppet, scriptAgent, turnsAgent } from "../support/test-agents.ts";
import type { Move } from "../support/test-agents.ts";

// What the transports send and read, byte by byte, and what they never send.

const WORDS = ["one ", "two ", "three"];

function message(text: string, id = "m1") {
  return { id, role: "user", parts: [{ type: "text", text }] };
}

function post(server: TestServer, body: object, query = "", headers = {}): Promise<Answer> {
  return call(server, "POST", `/api/chat${query}`, body, headers);
}

interface Chunk {
  readonly at: number;
  readonly type: string;
  readonly [field: string]: unknown;
}

/** The chunks of a stream, with their ids. */
function chunksIn(body: unknown): readonly Chunk[] {
  const events = [...String(body).matchAll(/^id: (\d+)\ndata: (.*)$/gm)];
  return events.map(([, id, data = ""]) => ({ at: Number(id), ...(JSON.parse(data) as { type: string }) }));
}

function textIn(chunks: readonly Chunk[]): string {
  return chunks.map((chunk) => (chunk.type === "text-delta" ? String(chunk["delta"]) : "")).join("");
}

describe("the stream of a chat", () => {
  it("names itself and where it goes on, and ends with [DONE]", async () => {
    const server = await openServer({ agents: [scriptAgent(WORDS)] });
    const { status, headers, body } = await post(
      server,
      { id: "chat", messages: [message("Go.")] },
      "?aiSdk=6",
    );
    expect(status).toBe(200);
    expect(Object.fromEntries(headers)).toMatchObject({
      "content-type": "text/event-stream",
      "x-conversation-id": "chat",
      "x-vercel-ai-ui-message-stream": "v1",
      "x-workflow-run-id": "chat~1",
      "x-stream-resume": "/api/chat/chat~1/stream?aiSdk=6",
    });
    expect(String(body).endsWith("\n\ndata: [DONE]\n\n: end\n")).toBe(true);
    const chunks = chunksIn(body);
    expect(chunks.map(({ at }) => at)).toEqual(chunks.map((_chunk, index) => index));
    expect(textIn(chunks)).toBe(WORDS.join(""));
  });

  it("goes on after any chunk, by its id or by how many there were", async () => {
    const server = await openServer({ agents: [scriptAgent(WORDS)] });
    const { body } = await post(server, { id: "chat", messages: [message("Go.")] });
    const whole = chunksIn(body);
    const path = "/api/chat/chat~1/stream";
    for (const [index] of whole.entries()) {
      const byId = await call(server, "GET", path, undefined, { "last-event-id": String(index) });
      expect(chunksIn(byId.body)).toEqual(whole.slice(index + 1));
      const byCount = await call(server, "GET", `${path}?startIndex=${index}`);
      expect(chunksIn(byCount.body)).toEqual(whole.slice(index));
      const fromTheEnd = await call(server, "GET", `${path}?startIndex=-${index + 1}`);
      expect(chunksIn(fromTheEnd.body)).toEqual(whole.slice(-index - 1));
      expect(fromTheEnd.headers.get("x-workflow-stream-tail-index")).toBe(String(whole.length - 1));
    }
    const tooMany = await call(server, "GET", `${path}?startIndex=-999`);
    expect(chunksIn(tooMany.body)).toEqual(whole);
  });

  it.each(["?startIndex=3", "?startIndex=-2", "?startIndex=0"])(
    "cut before its first chunk, goes on with the same at the address that it named: %s",
    async (query) => {
      const server = await openServer({ agents: [scriptAgent(WORDS)] });
      await post(server, { id: "chat", messages: [message("Go.")] });
      const asked = await call(server, "GET", `/api/chat/chat~1/stream${query}`);
      const resumed = await call(server, "GET", asked.headers.get("x-stream-resume")!);
      expect(chunksIn(resumed.body)).toEqual(chunksIn(asked.body));
    },
  );

  it("is over once nothing is kept of it: 204 for a chat, 410 for whoever counts; the history stays", async () => {
    const store = await (await storePlace("memory"))({ streamTtlMs: 1 });
    const server = await openServer({ store, agents: [scriptAgent(WORDS)] });
    await post(server, { id: "chat", messages: [message("Go.")] });
    await eventually("it has expired", async () => {
      const { status } = await call(server, "GET", "/api/chat/chat~1/stream");
      return status === 410;
    });
    expect((await call(server, "GET", "/api/chat/chat/stream?replay=true")).status).toBe(204);
    expect((await call(server, "GET", "/api/chat/chat/stream?startIndex=0")).status).toBe(410);
    const again = await post(server, { id: "chat", messages: [message("Go.")] });
    expect([again.status, again.headers.get("x-workflow-run-id")]).toEqual([410, "chat~1"]);
    expect((await call(server, "GET", "/api/chat/chat")).at("messages.1.parts.1.text")).toBe(WORDS.join(""));
  });
});

describe.each(STORE_KINDS)("one log on the %s store", (store) => {
  it("a run of the AI SDK is a run of the native API, and the other way round", async () => {
    const server = await openServer({ store, agents: [scriptAgent(WORDS)] });
    await post(server, { id: "chat", messages: [{ ...message("Go."), metadata: { tone: "dry" } }] });
    const body = { message: "Go on.", thread_id: "chat", wait_for_response: true };
    const native = await call(server, "POST", "/api/agents/Script/run", body);
    expect(native.status).toBe(200);
    const status = await call(server, "GET", "/api/agents/Script/run/chat");
    expect(status.body).toMatchObject({
      status: "Completed",
      runs: [{ message: "Go." }, { message: "Go on." }],
    });
    const chat = await call(server, "GET", "/api/chat/chat");
    expect(chat.body).toMatchObject({
      id: "chat",
      agent: "Script",
      active: false,
      before: null,
      messages: [
        { id: "m1", role: "user", metadata: { tone: "dry" } },
        { id: "chat~1", role: "assistant" },
        { id: "chat~2:input", role: "user", parts: [{ text: "Go on." }] },
        { id: "chat~2", role: "assistant" },
      ],
    });
    const page = await call(server, "GET", "/api/chat/chat?limit=1");
    expect(page.at("messages.0.id")).toBe("chat~2:input");
    const before = await call(server, "GET", `/api/chat/chat?limit=1&before=${String(page.at("before"))}`);
    expect(before.at("messages.0.id")).toBe("m1");
    expect(before.at("before")).toBe(null);
  });

  it("the newest run is the one to resume, also while it waits for another", async () => {
    const puppet = createPuppet();
    const server = await openServer({ store, agents: [puppet.definition] });
    const first = post(server, { id: "chat", messages: [message("First.")] });
    await eventually("it has begun", () => puppet.busy === 1);
    const second = post(server, { id: "chat", messages: [message("Second.", "m2")] });
    await eventually("it waits", async () => {
      const { body } = await call(server, "GET", "/api/chat/chat");
      return (body as { messages: unknown[] }).messages.length === 2;
    });
    // Its first chunk is there before its run begins.
    const resumed = await fetch(`${server.url}/api/chat/chat/stream`);
    puppet.say("one");
    puppet.end();
    await first;
    puppet.say("two");
    puppet.end();
    const chunks = chunksIn(await resumed.text());
    expect(textIn(chunks)).toBe("two");
    expect(chunksIn((await second).body)).toEqual(chunks);
  });
});

it("stops by a stream's name the run of that stream, and not the one after it", async () => {
  const puppet = createPuppet();
  const server = await openServer({ agents: [puppet.definition] });
  puppet.end();
  await post(server, { id: "chat", messages: [message("First.")] });
  const second = post(server, { id: "chat", messages: [message("Second.", "m2")] });
  await eventually("the second is under way", () => puppet.busy === 1);
  const stopped = await call(server, "POST", "/api/chat/chat~1/stop");
  expect([stopped.status, stopped.at("status")]).toEqual([202, "Running"]);
  puppet.say("two");
  puppet.end();
  expect(textIn(chunksIn((await second).body))).toBe("two");
});

describe.each(STORE_KINDS)("a run that is parked on people on the %s store", (store) => {
  const PAY = (callId: string): Move => ({ type: "tool-call", callId, name: "pay", input: {} });
  const pay = defineTool({ inputSchema: z.object({}), needsApproval: true, execute: () => "paid" });

  function answer(part: { readonly id: string; readonly approved: boolean }) {
    return { type: "dynamic-tool", state: "approval-responded", approval: part };
  }

  async function parked(calls: readonly string[]) {
    const turns: readonly (readonly Move[])[] = [calls.map(PAY), ["Done."]];
    const server = await openServer({ store, agents: [turnsAgent(turns, { tools: { pay } }).definition] });
    const asked = await post(server, { id: "chat", messages: [message("Buy.")] });
    expect(chunksIn(asked.body).at(-1)).toMatchObject({ type: "finish", finishReason: "tool-calls" });
    return { server, asked: chunksIn(asked.body) };
  }

  it("goes on after all that wait at the same time are answered, with one stream that counts anew", async () => {
    const { server, asked } = await parked(["a", "b"]);
    const parts = [answer({ id: "1:2:a", approved: true }), answer({ id: "1:2:b", approved: false })];
    const messages = [message("Buy."), { id: "chat~1", role: "assistant", parts }];
    const going = await post(server, { id: "chat", messages });
    const chunks = chunksIn(going.body);
    expect(chunks[0]).toMatchObject({ at: asked.length, type: "start", messageId: "chat~1" });
    expect(chunks.at(-1)).toMatchObject({ type: "finish", finishReason: "stop" });
    expect(textIn(chunks)).toBe("Done.");
    const name = going.headers.get("x-workflow-run-id");
    expect(name).toBe(`chat~1.${asked.length}`);
    const third = await call(server, "GET", `/api/chat/${name}/stream?startIndex=3`);
    expect(chunksIn(third.body)).toEqual(chunks.slice(3));
    // Sent again, the same answers change nothing and get the same.
    expect(chunksIn((await post(server, { id: "chat", messages })).body)).toEqual(chunks);
    const whole = await call(server, "GET", "/api/chat/chat~1/stream");
    expect(chunksIn(whole.body)).toEqual([...asked, ...chunks]);
  });

  it("asks again for what is still to be answered", async () => {
    const { server } = await parked(["a", "b"]);
    const parts = [answer({ id: "1:2:a", approved: true })];
    // The last message is all that is needed.
    const messages = [{ id: "chat~1", role: "assistant", parts }];
    const going = chunksIn((await post(server, { id: "chat", messages })).body);
    expect(going.at(-1)).toMatchObject({ type: "finish", finishReason: "tool-calls" });
    expect(going.map(({ type }) => type)).toContain("tool-output-available");
    const path = "/api/agents/Script/run/chat/approvals/1:2:b";
    await call(server, "POST", path, { approved: true });
    const whole = await call(server, "GET", "/api/chat/chat/stream?replay=true");
    expect(chunksIn(whole.body).at(-1)).toMatchObject({ type: "finish", finishReason: "stop" });
  });

  it("shows a page that is loaded again how it was cancelled", async () => {
    const { server } = await parked(["a"]);
    await call(server, "POST", "/api/chat/chat/stop");
    const started = {
      conversation: "chat",
      run: 1,
      id: "",
      streamPath: "",
      statusPath: "/api/agents/Script/run/chat",
    };
    await statusOnce(server, started, "Canceled");
    const whole = chunksIn((await call(server, "GET", "/api/chat/chat/stream?replay=true")).body);
    expect(whole.slice(-3).map(({ type }) => type)).toEqual(["tool-output-error", "abort", "finish"]);
  });

  it("takes answers along with the next message", async () => {
    const { server } = await parked(["a"]);
    const parts = [answer({ id: "1:2:a", approved: true })];
    const messages = [message("Buy."), { id: "chat~1", role: "assistant", parts }, message("And?", "m2")];
    const next = await post(server, { id: "chat", messages });
    expect(next.headers.get("x-workflow-run-id")).toBe("chat~2");
    expect(textIn(chunksIn(next.body))).toBe("Done.");
  });
});

describe("what is refused", () => {
  const refused: readonly (readonly [string, object | string, number, string])[] = [
    ["no JSON", "Hello.", 400, "The body is not JSON."],
    [
      "no messages",
      { id: "chat", messages: [] },
      400,
      "messages: Too small: expected array to have >=1 items.",
    ],
    ["an unknown role", { messages: [{ role: "tool", parts: [] }] }, 400, "messages.0.role"],
    [
      "an id that no conversation can have",
      { id: "a~b", messages: [message("Go.")] },
      400,
      "A conversation id is",
    ],
    ["an empty message", { messages: [message(" ")] }, 400, "The message must not be empty."],
    ["a last message of nobody's", { messages: [{ role: "system", parts: [] }] }, 400, "is not the user's"],
    [
      "a picture",
      { messages: [{ role: "user", parts: [{ type: "file", url: "data:," }] }] },
      400,
      "Parts of type file are not supported: an agent is told text.",
    ],
    [
      "instructions from the client",
      { messages: [{ role: "system", parts: [] }, message("Go.")] },
      400,
      "System messages are not supported: an agent has instructions of its own.",
    ],
    [
      "tool calls from elsewhere",
      {
        messages: [
          { role: "assistant", parts: [{ type: "tool-look", state: "output-available" }] },
          message("Go."),
        ],
      },
      400,
      "Parts of type tool-look are not supported",
    ],
    [
      "results of tools in the client",
      { id: "chat", messages: [message("Go."), { id: "chat~1", role: "assistant", parts: [] }] },
      400,
      "results of tools that run in the client are not supported",
    ],
    [
      "a new answer to an old question",
      { messages: [message("Go.")], trigger: "regenerate-message" },
      400,
      "regenerate",
    ],
    [
      "an agent that is not there",
      { messages: [message("Go.")], agent: "Nobody" },
      404,
      "There is no agent Nobody.",
    ],
  ];

  it.each(refused)("%s", async (_what, body, status, text) => {
    const server = await openServer({ agents: [scriptAgent(WORDS)] });
    const answer = await call(server, "POST", "/api/chat", body);
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(answer.body).toContain(text);
    expect((await call(server, "GET", "/api/conversations")).at("conversations")).toEqual([]);
  });

  it.each([
    ["POST", "/api/chat?aiSdk=4", 400, "aiSdk is 5, 6, 7, not 4."],
    ["GET", "/api/chat/chat/stream?aiSdk=seven", 400, "aiSdk is 5, 6, 7, not seven."],
    ["GET", "/api/chat/chat/stream?startIndex=x", 400, "startIndex is a whole number"],
    ["GET", "/api/chat/chat/stream?replay=perhaps", 400, "replay is true or false."],
    ["GET", "/api/chat/chat~9/stream", 404, "The conversation has 1 runs so far."],
    ["GET", "/api/chat/nobody~1/stream", 404, "There is no conversation nobody."],
    ["GET", "/api/chat/chat~x/stream", 400, "A run is named <conversation>~<ordinal>."],
    ["GET", "/api/chat/chat~1.x/stream", 400, "There is no stream chat~1.x"],
    ["GET", "/api/chat/nobody/stream?startIndex=0", 204, ""],
    ["GET", "/api/chat/nobody", 404, "There is no conversation nobody."],
    ["GET", "/api/chat/chat?before=0", 400, "before is a whole number from 1."],
    ["POST", "/api/chat/nobody/stop", 404, "There is no conversation nobody."],
    ["POST", "/api/chat/nobody~1/stop", 404, "There is no conversation nobody."],
  ])("%s %s: %i", async (method, path, status, text) => {
    const server = await openServer({ agents: [scriptAgent(WORDS)] });
    await post(server, { id: "chat", messages: [message("Go.")] });
    const answer = await call(
      server,
      method,
      path,
      method === "POST" ? { messages: [message("Go.")] } : undefined,
    );
    expect([answer.status, answer.body]).toEqual([status, expect.stringContaining(text)]);
  });

  it("another chat's approvals, and those that nobody asked for", async () => {
    const server = await openServer({ agents: [scriptAgent(WORDS)] });
    await post(server, { id: "chat", messages: [message("Go.")] });
    const parts = [
      { type: "dynamic-tool", state: "approval-responded", approval: { id: "1:2:a", approved: true } },
    ];
    const messages = [message("Go."), { id: "chat~1", role: "assistant", parts }];
    const nobody = await post(server, { id: "chat", messages });
    expect([nobody.status, nobody.body]).toEqual([
      404,
      "Nothing in this conversation waits for the approval 1:2:a.",
    ]);
    const other = await post(server, { id: "other", messages });
    expect([other.status, other.body]).toEqual([400, "The last message is of another chat."]);
  });
});

it("honours an Idempotency-Key before the id of the message", async () => {
  const server = await openServer({ agents: [scriptAgent(WORDS)] });
  const key = { "idempotency-key": "k" };
  const names = [];
  for (const id of ["chat", "chat"]) {
    const { headers } = await post(server, { id, messages: [message("Go.")] }, "", key);
    names.push(headers.get("x-workflow-run-id"));
  }
  const other = await post(server, { id: "chat", messages: [message("Go.", "m2")] }, "", {
    "idempotency-key": "l",
  });
  expect([...names, other.headers.get("x-workflow-run-id")]).toEqual(["chat~1", "chat~1", "chat~2"]);
});
