import { describe, expect, it } from "vitest";
import * as z from "zod";
import { createHoldfastClient } from "../../src/client/index.ts";
import type { FollowOptions, FollowUpdate, PageEvent } from "../../src/client/index.ts";
import { defineTool } from "../../src/define-agent.ts";
import { eventually } from "../../src/testing/index.ts";
import { storedText } from "../support/api.ts";
import { openCuttingProxy } from "../support/cutting-proxy.ts";
import { openServer, STORE_KINDS, storePlace } from "../support/holdfast-server.ts";
import type { TestServer } from "../support/holdfast-server.ts";
import { createPuppet, scriptAgent, turnsAgent } from "../support/test-agents.ts";
import type { Move } from "../support/test-agents.ts";

const CHUNKS = ["Day 1:\n", "Asakusa, ", "東京 ", "🍣", "\n\n", "data: ", " spaced ", "the end"];
const LIMITS: FollowOptions["limits"] = { backOff: { firstMs: 5, limitMs: 20 }, maxFailures: 2_000 };

/** Follows in the background; what was seen so far can be looked at. */
function watch(baseUrl: string, conversationId: string, options: FollowOptions = {}) {
  const updates: FollowUpdate[] = [];
  const states: string[] = [];
  const following = createHoldfastClient({ baseUrl }).follow(conversationId, {
    limits: LIMITS,
    ...options,
    onUpdate: (update) => void updates.push(update),
    onConnection: ({ kind }) => void states.push(kind),
  });
  return { following, updates, states, done: following.finished() };
}

const kindsOf = (updates: readonly FollowUpdate[]) => updates.map(({ event }) => event.type);
const stored = (server: TestServer, conversation: string, run = 1) =>
  storedText(server, { conversation, run, id: "", streamPath: "", statusPath: "" });

async function puppetRun(store: "memory" | "sqlite" | "redis" = "memory") {
  const puppet = createPuppet();
  const server = await openServer({ store, agents: [puppet.definition] });
  const client = createHoldfastClient({ baseUrl: server.url });
  const { conversationId } = await client.start({ agent: "Puppet", message: "Go." });
  return { puppet, server, client, conversationId };
}

describe.each(STORE_KINDS)("following on the %s store", (store) => {
  it("shows exactly the stored text over resets at every chunk", async () => {
    const { puppet, server, conversationId } = await puppetRun(store);
    const proxy = await openCuttingProxy(server.port);
    const seen = watch(`http://127.0.0.1:${proxy.port}`, conversationId);
    let said = "";
    for (const [index, chunk] of CHUNKS.entries()) {
      if (index % 2 === 1) proxy.resetAll();
      puppet.say(chunk);
      said += chunk;
      await eventually("the chunk", () => seen.following.text === said);
      if (index % 3 === 0) proxy.resetAll();
    }
    puppet.end();
    expect(await seen.done).toMatchObject({ kind: "ended", run: 1, text: said });
    expect(await stored(server, conversationId)).toBe(said);
    expect(kindsOf(seen.updates).filter((type) => type.startsWith("run-"))).toEqual([
      "run-start",
      "run-completed",
    ]);
    expect(proxy.connections).toBeGreaterThan(4);
  });

  it("tells of steps, tools and approvals, and answers them", async () => {
    const pay = defineTool({
      inputSchema: z.object({ euros: z.number() }),
      needsApproval: true,
      execute: () => "paid",
    });
    const call: Move = { type: "tool-call", callId: "c1", name: "pay", input: { euros: 5 } };
    const { definition } = turnsAgent([["I would pay.", call], ["Thank you."]], { tools: { pay } });
    const server = await openServer({ store, agents: [definition] });
    const client = createHoldfastClient({ baseUrl: server.url });
    const { conversationId, run } = await client.start({ agent: "Script", message: "Pay." });
    const types: string[] = [];
    let text = "";
    for await (const update of client.follow(conversationId, { run })) {
      ({ text } = update);
      types.push(update.event.type);
      if (update.event.type !== "approval-request") continue;
      const { approvalId } = update.event;
      await client.approve({ agent: "Script", conversationId, approvalId, approved: true });
    }
    expect(types.filter((type) => /^(tool|approval)-/.test(type))).toEqual([
      "approval-request",
      "approval-response",
      "tool-call",
      "tool-result",
    ]);
    expect(text).toBe(await stored(server, conversationId));
  });
});

it("goes on over a restart of the server, and withdraws what is said again", async () => {
  const puppet = createPuppet();
  const open = await storePlace("sqlite");
  const server = await openServer({ store: await open(), agents: [puppet.definition] });
  const client = createHoldfastClient({ baseUrl: server.url });
  const { conversationId } = await client.start({ agent: "Puppet", message: "Go." });
  const seen = watch(server.url, conversationId);
  puppet.say("half of ");
  await eventually("the first half", () => seen.following.text === "half of ");
  await server.stop();
  const again = await openServer({ store: await open(), agents: [puppet.definition], port: server.port });
  puppet.say("the whole ", "of it");
  puppet.end();
  expect(await seen.done).toMatchObject({ kind: "ended", text: "the whole of it" });
  expect(await stored(again, conversationId)).toBe("the whole of it");
  expect(kindsOf(seen.updates)).toContain("step-reset");
  expect(seen.states).toContain("waiting-to-retry");
});

it("goes on across runs until it is aborted, each ending once, and cancel shows in the stream", async () => {
  const { puppet, client, server, conversationId } = await puppetRun();
  const abort = new AbortController();
  const seen = watch(server.url, conversationId, { across: true, signal: abort.signal });
  puppet.say("first");
  puppet.end();
  await eventually("the first run's end", () => kindsOf(seen.updates).includes("run-completed"));
  await client.start({ agent: "Puppet", message: "More.", conversationId });
  puppet.say("second");
  await eventually("the second run's text", () => seen.following.text === "second");
  await client.cancel({ agent: "Puppet", conversationId, reason: "Enough." });
  await eventually("its end", () => kindsOf(seen.updates).includes("run-cancelled"));
  abort.abort();
  expect(await seen.done).toMatchObject({ kind: "aborted", run: 2, text: "second" });
  expect(seen.states.at(-1)).toBe("aborted");
});

it("goes on after a cursor of its caller's, with the text from there", async () => {
  const server = await openServer({ agents: [scriptAgent(CHUNKS)] });
  const client = createHoldfastClient({ baseUrl: server.url });
  const { conversationId, run } = await client.start({ agent: "Script", message: "Go." });
  const all: FollowUpdate[] = [];
  for await (const update of client.follow(conversationId, { run })) all.push(update);
  const middle = all.find(({ event }) => event.type === "text-delta" && event.delta === CHUNKS[3])!;
  const rest = await client.follow(conversationId, { run, cursor: middle.cursor }).finished();
  expect(rest.text).toBe(CHUNKS.slice(4).join(""));
  const nothing = await client.follow(conversationId, { run, cursor: all.at(-1)!.cursor }).finished();
  expect(nothing).toMatchObject({ kind: "ended", text: "" });
});

describe("what cannot be followed", () => {
  it("is refused with the server's own code, and without trying again", async () => {
    const server = await openServer({ agents: [scriptAgent(CHUNKS)] });
    const client = createHoldfastClient({ baseUrl: server.url });
    await expect(client.follow("nobody").finished()).rejects.toMatchObject({
      code: "conversation_not_found",
      status: 404,
    });
    const { conversationId } = await client.start({ agent: "Script", message: "Go." });
    await client.follow(conversationId).finished();
    const beyond = client.follow(conversationId, { cursor: "9-9" }).finished();
    await expect(beyond).rejects.toMatchObject({ code: "cursor_beyond_log", status: 410 });
    await expect(beyond).rejects.toHaveProperty("details.history");
    await expect(client.follow(conversationId, { run: 7 }).finished()).rejects.toMatchObject({
      code: "run_not_found",
    });
  });

  it("asks for fresh headers once after a 401", async () => {
    const server = await openServer({ agents: [scriptAgent(CHUNKS)] });
    const { conversationId } = await createHoldfastClient({ baseUrl: server.url }).start({
      agent: "Script",
      message: "Go.",
    });
    let token = 0;
    const guarded = (accepted: string) =>
      createHoldfastClient({
        baseUrl: server.url,
        headers: () => ({ authorization: `token ${++token}` }),
        fetch: (input, init) =>
          new Headers(init?.headers).get("authorization") === accepted
            ? fetch(input, init)
            : Promise.resolve(new Response(null, { status: 401 })),
      });
    expect(await guarded("token 2").follow(conversationId).finished()).toMatchObject({ kind: "ended" });
    await expect(guarded("none").follow(conversationId).finished()).rejects.toMatchObject({
      code: "unauthorized",
    });
    expect(token).toBe(4);
  });

  it("is given up when the server stays away for longer than the limits allow", async () => {
    const client = createHoldfastClient({ baseUrl: "http://127.0.0.1:9" });
    const limits = { ...LIMITS, maxFailures: 3 };
    await expect(client.follow("c", { limits }).finished()).rejects.toMatchObject({ code: "unreachable" });
  });
});

describe("signs of life", () => {
  it("takes heartbeats for life, and their absence for a cut", async () => {
    const { puppet, server, conversationId } = await puppetRun();
    const silent = watch(server.url, conversationId, { limits: { ...LIMITS, silenceMs: 60 } });
    await eventually("it reconnects", () => silent.states.filter((kind) => kind === "live").length > 2);
    puppet.end();
    expect(await silent.done).toMatchObject({ kind: "ended" });
  });

  it("reconnects when the network is back, and does not wait out its pause when it is looked at again", async () => {
    const { puppet, server, conversationId } = await puppetRun();
    let tell: (event: PageEvent) => void = () => undefined;
    let watching = 0;
    const seen = watch(server.url, conversationId, {
      watchPage(teller) {
        tell = teller;
        watching += 1;
        return () => {
          watching -= 1;
        };
      },
    });
    const lives = () => seen.states.filter((kind) => kind === "live").length;
    await eventually("it is live", () => lives() === 1);
    tell("offline");
    tell("online");
    await eventually("it is live again", () => lives() === 2);
    puppet.say("still here");
    puppet.end();
    expect(await seen.done).toMatchObject({ text: "still here" });
    expect(watching).toBe(0);
  });
});
