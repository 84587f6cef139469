import { describe, expect, it } from "vitest";
import * as z from "zod";
import { createHoldfastClient } from "../../src/client/index.ts";
import { createConversationView } from "../../src/client/react/index.ts";
import type { Schedule } from "../../src/client/react/index.ts";
import { defineTool } from "../../src/define-agent.ts";
import { eventually } from "../../src/testing/index.ts";
import { storedText } from "../support/api.ts";
import { openServer, STORE_KINDS, storePlace } from "../support/holdfast-server.ts";
import { createPuppet, turnsAgent } from "../support/test-agents.ts";
import type { Move } from "../support/test-agents.ts";
import {
  latestAnswer,
  memoryStorage,
  openScene,
  QUICK,
  said,
  shows,
  showsStatus,
  showsText,
  watchView,
} from "./react-scene.ts";

const CHUNKS = ["Day 1:\n", "Asakusa, ", "東京 ", "🍣", "\n\n", "data: ", " spaced ", "the end"];

/** Tells of every change by itself. */
const atOnce: Schedule = (act) => {
  let wanted = true;
  queueMicrotask(() => {
    if (wanted) act();
  });
  return () => {
    wanted = false;
  };
};

const streamsOf = (requests: readonly string[]) =>
  requests.filter((request) => request.startsWith("GET /api/agent/stream/"));
const startsOf = (requests: readonly string[]) =>
  requests.filter((request) => request.startsWith("POST") && request.endsWith("/run"));

describe("a conversation on the screen", () => {
  it("shows what is sent at once, and the answer as it grows", async () => {
    const { puppet, client } = await openScene();
    const { view, seen } = watchView(client);
    expect(view.getSnapshot()).toMatchObject({ status: "idle", messages: [], conversationId: undefined });
    const sent = view.send("Tokyo!");
    expect(said(view.getSnapshot())).toEqual(["user: Tokyo!"]);
    expect(view.getSnapshot()).toMatchObject({
      status: "connecting",
      messages: [{ delivery: { state: "sending" } }],
    });
    const started = await sent;
    puppet.say("Day 1: ");
    await showsText(view, "Day 1: ");
    expect(await showsStatus(view, "live")).toMatchObject({ conversationId: started!.conversationId });
    puppet.say("Asakusa.");
    puppet.end();
    const done = await showsStatus(view, "done");
    expect(said(done)).toEqual(["user: Tokyo!", "agent: Day 1: Asakusa."]);
    expect(done.messages[0]).toMatchObject({ delivery: { state: "stored", run: 1 } });
    expect(latestAnswer(done)).toMatchObject({ run: 1, outcome: { state: "completed" } });
    // Its own name in the list never changed.
    expect(new Set(seen.flatMap(({ messages }) => messages.slice(0, 1)).map(({ id }) => id)).size).toBe(1);
  });

  it("keeps the messages that did not change the same objects", async () => {
    const { puppet, client } = await openScene();
    const { view } = watchView(client);
    await view.send("First.");
    puppet.say("One.");
    puppet.end();
    const before = await showsStatus(view, "done");
    await view.send("Second.");
    puppet.say("Two.");
    const after = await showsText(view, "Two.");
    expect(after.messages[0]).toBe(before.messages[0]);
    expect(after.messages[1]).toBe(before.messages[1]);
    expect(view.getSnapshot()).toBe(after);
  });

  it("sends what is written meanwhile in its order, into one conversation, one run each", async () => {
    const { puppet, client, requests } = await openScene();
    const { view } = watchView(client);
    // By then it would send at once.
    await Promise.resolve();
    const runs = await Promise.all(["a", "b", "c"].map((message) => view.send(message)));
    expect(runs.map((run) => run?.run)).toEqual([1, 2, 3]);
    expect(new Set(runs.map((run) => run?.conversationId)).size).toBe(1);
    for (const answer of ["A", "B", "C"]) {
      puppet.say(answer);
      puppet.end();
    }
    const done = await showsStatus(view, "done");
    expect(said(done)).toEqual(["user: a", "agent: A", "user: b", "agent: B", "user: c", "agent: C"]);
    expect(startsOf(requests)).toHaveLength(3);
    expect(streamsOf(requests)).toHaveLength(1);
  });

  it("says so when the answer fails, and is well again with the next", async () => {
    const { puppet, client } = await openScene();
    const { view } = watchView(client);
    await view.send("Go.");
    puppet.say("Half", new TypeError("The model is broken."));
    const failed = await showsStatus(view, "failed");
    expect(failed.problem).toMatchObject({ of: "run", code: "model_failed" });
    expect(latestAnswer(failed).outcome.state).toBe("failed");
    puppet.say("Whole.");
    puppet.end();
    await view.send("Again.");
    expect((await showsStatus(view, "done")).problem).toBeUndefined();
  });

  it("shows a message that was refused as not sent, and sends it again under its key", async () => {
    const { puppet, client, server } = await openScene();
    const { view } = watchView(client, { agent: "Nobody" });
    expect(await view.send("Hello?")).toBeUndefined();
    const [message] = view.getSnapshot().messages;
    expect(message).toMatchObject({
      delivery: { state: "not-sent", problem: { code: "agent_not_found" } },
    });
    expect(view.getSnapshot()).toMatchObject({ status: "idle", problem: { of: "action" } });
    expect(await view.retry(message!.id)).toBeUndefined();
    // An answer that got lost: the server has the message, and knows it when it comes again.
    let lost = 0;
    const losing = createHoldfastClient({
      baseUrl: server.url,
      limits: { maxTries: 1 },
      async fetch(input, init) {
        const response = await fetch(input, init);
        if (init?.method !== "POST" || lost > 0) return response;
        lost += 1;
        throw new TypeError("The connection was lost.");
      },
    });
    const other = watchView(losing);
    await other.view.send("Once.");
    const [unsent] = other.view.getSnapshot().messages;
    expect(unsent).toMatchObject({ delivery: { state: "not-sent", problem: { code: "unreachable" } } });
    expect(await other.view.retry(unsent!.id)).toMatchObject({ run: 1 });
    puppet.say("Once.");
    puppet.end();
    expect(said(await showsStatus(other.view, "done"))).toEqual(["user: Once.", "agent: Once."]);
    expect((await client.conversations()).conversations.map(({ runs }) => runs)).toEqual([1]);
  });
});

describe.each(STORE_KINDS)("cuts on the %s store", (store) => {
  it("leave the text exact, and show as recovering", async () => {
    const { puppet, client, proxy, server } = await openScene({ store });
    const { view, seen } = watchView(client);
    const started = await view.send("Go.");
    let text = "";
    for (const [index, chunk] of CHUNKS.entries()) {
      if (index % 2 === 1) proxy.resetAll();
      puppet.say(chunk);
      text += chunk;
      await showsText(view, text);
      if (index % 3 === 0) proxy.resetAll();
    }
    puppet.end();
    const done = await showsStatus(view, "done");
    expect(done.text).toBe(text);
    const { conversationId: conversation, run, id } = started!;
    expect(await storedText(server, { conversation, run, id, streamPath: "", statusPath: "" })).toBe(text);
    expect(seen.map(({ status }) => status)).toContain("recovering");
    expect(done.connection.reconnects).toBeGreaterThan(2);
  });
});

it("what a crash withdrew is taken off the screen", async () => {
  const puppet = createPuppet();
  const open = await storePlace("sqlite");
  const server = await openServer({ store: await open(), agents: [puppet.definition] });
  const { view, seen } = watchView(createHoldfastClient({ baseUrl: server.url }));
  await view.send("Go.");
  puppet.say("half of ");
  await showsText(view, "half of ");
  await server.stop();
  await showsStatus(view, "recovering");
  await openServer({ store: await open(), agents: [puppet.definition], port: server.port });
  puppet.say("the whole ", "of it");
  puppet.end();
  const done = await showsStatus(view, "done");
  expect(done.text).toBe("the whole of it");
  expect(latestAnswer(done).parts).toMatchObject([{ type: "text", text: "the whole of it" }]);
  expect(seen.every(({ text }) => !text.includes("half of the"))).toBe(true);
});

describe("tools", () => {
  const CALL: Move = { type: "tool-call", callId: "c1", name: "pay", input: { euros: 5 } };

  function paying() {
    const pay = defineTool({
      inputSchema: z.object({ euros: z.number() }),
      needsApproval: true,
      execute: ({ euros }, { report }) => {
        report("progress", 1);
        return { paid: euros };
      },
    });
    return turnsAgent([["I would pay.", CALL], ["Thank you."]], { tools: { pay } });
  }

  it.each([true, false])(
    "wait for a person, who is asked by every view; the answer: %s",
    async (approved) => {
      const { client } = await openScene({ agents: [paying().definition] });
      const { view } = watchView(client, { agent: "Script" });
      const started = await view.send("Pay.");
      const other = watchView(client, { agent: "Script", conversationId: started!.conversationId });
      const waiting = await showsStatus(other.view, "waiting-for-approval");
      const [approval] = waiting.pendingApprovals;
      expect(approval).toMatchObject({ tool: "pay", input: { euros: 5 }, run: 1 });
      expect(latestAnswer(waiting)).toMatchObject({
        outcome: { state: "waiting-for-approval" },
        parts: [{ type: "text", text: "I would pay." }, { call: { state: "waiting-for-approval" } }],
      });
      expect(await other.view.approve(approval.approvalId, { approved, reason: "Because." })).toBe(true);
      const done = await showsStatus(view, "done");
      expect(done.pendingApprovals).toEqual([]);
      const call = latestAnswer(done).parts.find((part) => part.type === "tool-call");
      expect(call).toMatchObject(
        approved
          ? { tool: "pay", call: { state: "succeeded", output: { type: "json", value: { paid: 5 } } } }
          : { tool: "pay", call: { state: "failed", reason: "denied" } },
      );
      // Who comes later is told the same by the history, but for what only the stream knows.
      const later = watchView(client, { agent: "Script", conversationId: started!.conversationId });
      const told = await showsStatus(later.view, "done");
      expect(told.text).toBe(done.text);
      const shown = latestAnswer(told).parts.filter(({ type }) => type !== "data");
      const live = latestAnswer(done).parts.filter(({ type }) => type !== "data");
      expect(shown.map((part) => ("text" in part ? part.text : part))).toMatchObject(
        live.map((part) =>
          "text" in part
            ? part.text
            : { type: part.type, call: { state: approved ? "succeeded" : "failed" } },
        ),
      );
    },
  );

  it("answering what nobody asked is a problem of the action, not of the conversation", async () => {
    const { client } = await openScene({ agents: [paying().definition] });
    const { view } = watchView(client, { agent: "Script" });
    await view.send("Pay.");
    await showsStatus(view, "waiting-for-approval");
    expect(await view.approve("nothing", { approved: true })).toBe(false);
    expect(view.getSnapshot()).toMatchObject({
      status: "waiting-for-approval",
      problem: { of: "action", code: "approval_not_found" },
    });
    expect(await view.stop("Never mind.")).toBe(true);
    const done = await showsStatus(view, "done");
    expect(latestAnswer(done)).toMatchObject({
      outcome: { state: "cancelled", reason: "Never mind." },
      parts: [{}, { call: { state: "abandoned", input: { euros: 5 } } }],
    });
  });
});

describe("stopping", () => {
  it("cancels what runs and what waits, and the answer keeps its text", async () => {
    const { puppet, client } = await openScene();
    const { view } = watchView(client);
    void view.send("One.");
    void view.send("Two.");
    puppet.say("Partly");
    await showsText(view, "Partly");
    expect(await view.stop()).toBe(true);
    const done = await shows(view, "both ended", ({ messages, status }) => {
      return status === "done" && messages.length === 4;
    });
    expect(said(done)).toEqual(["user: One.", "agent: Partly", "user: Two.", "agent: "]);
    const outcomes = done.messages.flatMap((message) => (message.role === "agent" ? [message.outcome] : []));
    expect(outcomes.map(({ state }) => state)).toEqual(["cancelled", "cancelled"]);
  });

  it("does nothing where nothing is", async () => {
    const { client, requests } = await openScene();
    const { view } = watchView(client);
    expect(await view.stop()).toBe(false);
    expect(requests).toEqual([]);
  });
});

describe("two views on one conversation", () => {
  it("both show a run that either started", async () => {
    const { puppet, client } = await openScene();
    const one = watchView(client);
    const started = await one.view.send("From one.");
    const { conversationId } = started!;
    const two = watchView(client, { conversationId });
    puppet.say("First.");
    puppet.end();
    await showsStatus(one.view, "done");
    await showsText(two.view, "First.");
    await two.view.send("From two.");
    puppet.say("Second.");
    await showsText(one.view, "Second.");
    expect(one.view.getSnapshot().status).toBe("live");
    puppet.end();
    await showsStatus(one.view, "done");
    await showsStatus(two.view, "done");
    expect(said(one.view.getSnapshot())).toEqual(said(two.view.getSnapshot()));
    expect(said(one.view.getSnapshot())).toEqual([
      "user: From one.",
      "agent: First.",
      "user: From two.",
      "agent: Second.",
    ]);
  });
});

describe("a reload", () => {
  it("shows at once what was there, and goes on from its cursor", async () => {
    const { puppet, client, requests } = await openScene();
    const storage = memoryStorage();
    const before = watchView(client, { storage });
    await before.view.send("Go.");
    puppet.say("one ");
    const { cursor } = await showsText(before.view, "one ");
    before.leave();
    await eventually("it has gone", () => before.view.getSnapshot().connection.state === "closed");
    requests.length = 0;
    const after = watchView(client, { storage });
    expect(after.view.getSnapshot()).toMatchObject({ text: "one ", cursor, status: "connecting" });
    puppet.say("two");
    puppet.end();
    const done = await showsStatus(after.view, "done");
    expect(said(done)).toEqual(["user: Go.", "agent: one two"]);
    expect(requests.map((request) => request.split("/").slice(0, 4).join("/"))).toEqual([
      "GET /api/agent/stream",
    ]);
  });

  it("in the middle of sending sends on, and it is one run", async () => {
    const { puppet, client, server } = await openScene();
    const storage = memoryStorage();
    let arrived: () => void;
    const stored = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    /** The server has the message; its answer never comes. */
    const stuck = createHoldfastClient({
      baseUrl: server.url,
      async fetch(input, init) {
        await fetch(input, { ...init, signal: null });
        arrived();
        return new Promise((_resolve, reject) => {
          init?.signal?.addEventListener("abort", () => reject(new Error("aborted")));
        });
      },
    });
    const before = watchView(stuck, { storage });
    const sent = before.view.send("Only once.");
    await stored;
    before.leave();
    expect(await sent).toBeUndefined();
    const after = watchView(client, { storage });
    expect(said(after.view.getSnapshot())).toEqual(["user: Only once."]);
    puppet.say("Once.");
    puppet.end();
    expect(said(await showsStatus(after.view, "done"))).toEqual(["user: Only once.", "agent: Once."]);
    expect((await client.conversations()).conversations.map(({ runs }) => runs)).toEqual([1]);
  });

  it("without a storage shows the whole conversation from history and stream", async () => {
    const { puppet, client } = await openScene();
    const before = watchView(client);
    for (const word of ["one", "two", "three"]) {
      puppet.say(word);
      if (word !== "three") puppet.end();
      await before.view.send(`Say ${word}.`);
      await showsText(before.view, word);
      if (word !== "three") await showsStatus(before.view, "done");
    }
    const { conversationId } = before.view.getSnapshot();
    const after = watchView(client, { conversationId, schedule: atOnce });
    const shown = await showsText(after.view, "three");
    expect(said(shown)).toEqual(said(before.view.getSnapshot()));
    expect(latestAnswer(shown).outcome.state).toBe("streaming");
    // It is never taken for done in between.
    expect(new Set(after.seen.map(({ status }) => status))).toEqual(new Set(["connecting", "live"]));
  });

  it("of a conversation that is gone begins anew, unless that very one was asked for", async () => {
    const { puppet, client } = await openScene();
    const storage = memoryStorage();
    const before = watchView(client, { storage });
    const started = await before.view.send("Go.");
    puppet.end();
    await showsStatus(before.view, "done");
    before.leave();
    const { conversationId } = started!;
    await client.delete(conversationId);
    const after = watchView(client, { storage });
    expect(said(await showsStatus(after.view, "idle"))).toEqual([]);
    const asked = watchView(client, { conversationId });
    expect(await showsStatus(asked.view, "failed")).toMatchObject({
      problem: { of: "following", code: "conversation_not_found" },
    });
  });

  it.each([
    "",
    "{",
    "null",
    "7",
    '{"version":1}',
    '{"version":1,"transcript":{"runs":[],"cursor":"x"},"outbox":[]}',
  ])("with a storage that is broken begins anew: %s", async (broken) => {
    const { client } = await openScene();
    const { view } = watchView(client, { storage: { ...memoryStorage(), getItem: () => broken } });
    expect(view.getSnapshot()).toMatchObject({ status: "idle", messages: [] });
  });

  it("with a storage that refuses does without", async () => {
    const { puppet, client } = await openScene();
    const refuse = () => {
      throw new Error("QuotaExceededError");
    };
    const { view } = watchView(client, {
      storage: { getItem: refuse, setItem: refuse, removeItem: refuse },
    });
    puppet.end();
    await view.send("Go.");
    await showsStatus(view, "done");
  });
});

it("what has expired from the stream is told by the history", async () => {
  let now = Date.now();
  const { puppet, client } = await openScene({
    storeOptions: { now: () => now, streamTtlMs: 60_000 },
    now: () => now,
  });
  const storage = memoryStorage();
  const before = watchView(client, { storage });
  const started = await before.view.send("One.");
  puppet.say("First.");
  puppet.end();
  await showsStatus(before.view, "done");
  before.leave();
  await client.start({ agent: "Puppet", message: "Two.", conversationId: started!.conversationId });
  puppet.say("Second.");
  puppet.end();
  const { conversationId } = started!;
  await eventually("the second run's end", async () => {
    return (await client.status({ agent: "Puppet", conversationId })).status === "Completed";
  });
  now += 120_000;
  const after = watchView(client, { storage });
  expect(said(await showsText(after.view, "Second."))).toEqual([
    "user: One.",
    "agent: First.",
    "user: Two.",
    "agent: Second.",
  ]);
  puppet.say("Third.");
  await after.view.send("Three.");
  expect(said(await showsText(after.view, "Third.")).slice(4)).toEqual(["user: Three.", "agent: Third."]);
});

describe("the plug", () => {
  it("is pulled and put back without losing a character", async () => {
    const { puppet, client } = await openScene();
    const { view } = watchView(client);
    await view.send("Go.");
    puppet.say("before ");
    await showsText(view, "before ");
    view.disconnect();
    expect(view.getSnapshot()).toMatchObject({ status: "disconnected", connection: { state: "closed" } });
    puppet.say("meanwhile ");
    const late = view.send("And this.");
    expect(await view.approve("x", { approved: true })).toBe(false);
    expect(view.getSnapshot().problem).toMatchObject({ of: "action", code: "unreachable" });
    view.reconnect();
    puppet.say("after");
    await showsText(view, "before meanwhile after");
    puppet.end();
    puppet.say("Too.");
    puppet.end();
    await late;
    expect(
      said(await shows(view, "both", ({ status, text }) => status === "done" && text === "Too.")),
    ).toEqual(["user: Go.", "agent: before meanwhile after", "user: And this.", "agent: Too."]);
  });

  it("put back at once shows nothing of the connection that it cut", async () => {
    const { puppet, client } = await openScene();
    const { view, seen } = watchView(client, { schedule: atOnce });
    await view.send("Go.");
    puppet.say("one ");
    await showsText(view, "one ");
    view.disconnect();
    view.reconnect();
    const cut = seen.length;
    puppet.say("two");
    await showsText(view, "one two");
    const states = seen.slice(cut).map(({ connection }) => connection.state);
    expect(states.slice(states.indexOf("connecting"))).not.toContain("closed");
  });

  it("stays pulled when somebody else comes to look", async () => {
    const { client, requests } = await openScene();
    const { view } = watchView(client, { conversationId: "c" });
    view.disconnect();
    view.subscribe(() => undefined)();
    await Promise.resolve();
    expect(requests).toEqual([]);
    expect(view.getSnapshot().status).toBe("disconnected");
  });

  it("a server that stays away for longer than the limits allow is given up, until one reconnects", async () => {
    const { puppet, client, server } = await openScene();
    let away = true;
    const moody = createHoldfastClient({
      baseUrl: server.url,
      fetch: (input, init) => (away ? Promise.reject(new TypeError("away")) : fetch(input, init)),
      limits: { maxTries: 2, backOff: { firstMs: 1, limitMs: 1 } },
    });
    const { conversationId } = await client.start({ agent: "Puppet", message: "Go." });
    const { view } = watchView(moody, { conversationId, limits: { ...QUICK, maxFailures: 3 } });
    const failed = await showsStatus(view, "failed");
    expect(failed.problem).toMatchObject({ of: "following", code: "unreachable" });
    away = false;
    view.reconnect();
    puppet.say("Hello.");
    await showsText(view, "Hello.");
    expect(view.getSnapshot()).toMatchObject({ status: "live", problem: undefined });
  });
});

it("starting over lets go of the conversation, and the next message begins another", async () => {
  const { puppet, client } = await openScene();
  const storage = memoryStorage();
  const { view } = watchView(client, { storage });
  const first = await view.send("One.");
  puppet.say("First.");
  await showsText(view, "First.");
  view.startOver();
  expect(view.getSnapshot()).toMatchObject({ status: "idle", messages: [], conversationId: undefined });
  expect(storage.kept.size).toBe(0);
  const second = await view.send("Two.");
  expect(second!.conversationId).not.toBe(first!.conversationId);
  expect(second!.run).toBe(1);
});

describe("listeners", () => {
  it("are told once for all that comes in a frame", async () => {
    const { puppet, client } = await openScene();
    const frames: (() => void)[] = [];
    const { view, seen } = watchView(client, {
      schedule(act) {
        frames.push(act);
        return () => undefined;
      },
    });
    const draw = () => {
      for (const act of frames.splice(0)) act();
    };
    const started = await view.send("Go.");
    puppet.say(...Array.from({ length: 500 }, (_, index) => `${index} `));
    puppet.end();
    const { conversationId } = started!;
    await eventually("the run's end", async () => {
      return (await client.status({ agent: "Puppet", conversationId })).status === "Completed";
    });
    await eventually("all is read", () => {
      draw();
      return view.getSnapshot().status === "done";
    });
    expect(view.getSnapshot().text).toHaveLength(1890);
    expect(seen.length).toBeLessThan(60);
  });

  it("who leave and come back at once start nothing twice", async () => {
    const { puppet, client, requests } = await openScene();
    const { conversationId } = await client.start({ agent: "Puppet", message: "Go." });
    requests.length = 0;
    const view = createConversationView({ client, agent: "Puppet", conversationId, limits: QUICK });
    view.subscribe(() => undefined)();
    const leave = view.subscribe(() => undefined);
    puppet.say("Hello.");
    await showsText(view, "Hello.");
    leave();
    expect(requests.map((request) => request.split("/")[2])).toEqual(["conversations", "agent"]);
  });

  it("gone, nothing is left: no stream, no timer, no news", async () => {
    const { puppet, client, server } = await openScene();
    const { view, seen, leave } = watchView(client, { storage: memoryStorage() });
    await view.send("Go.");
    puppet.say("Hello.");
    await showsText(view, "Hello.");
    const told = seen.length;
    leave();
    await eventually("it is closed", () => view.getSnapshot().connection.state === "closed");
    puppet.say("Nobody hears this.");
    puppet.end();
    const { conversationId } = view.getSnapshot();
    await eventually("the run's end", async () => {
      const status = await createHoldfastClient({ baseUrl: server.url }).status({
        agent: "Puppet",
        conversationId: conversationId!,
      });
      return status.status === "Completed";
    });
    expect(seen.length).toBe(told);
    expect(view.getSnapshot().text).toBe("Hello.");
  });
});
