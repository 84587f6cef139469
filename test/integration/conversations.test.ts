import { describe, expect, it } from "vitest";
import { createMemoryStore } from "../../src/adapters/memory/index.ts";
import { DEFAULT_RETENTION } from "../../src/ports/index.ts";
import { eventually } from "../../src/testing/index.ts";
import { call, endOf, startRun, statusOnce } from "../support/api.ts";
import { openServer, STORE_KINDS } from "../support/holdfast-server.ts";
import { rawAnswer } from "../support/raw-client.ts";
import { openStream, readStream, renderedText } from "../support/stream-reader.ts";
import { createPuppet, scriptAgent, turnsAgent } from "../support/test-agents.ts";

const TURNS = [["First answer."], ["Second answer."], ["Third answer."]] as const;
const RUN = "/api/agents/Script/run";

it("a reader who comes at the very moment of expiry is cut and then told, not left to wait", async () => {
  let now = Date.now();
  let expires = false;
  const memory = createMemoryStore({ now: () => now });
  const store: typeof memory = {
    ...memory,
    async conversation(id) {
      const conversation = await memory.conversation(id);
      // Between the look that opens the reading and the first page.
      if (expires) now += DEFAULT_RETENTION.streamTtlMs;
      expires = false;
      return conversation;
    },
  };
  const server = await openServer({ store, agents: [turnsAgent(TURNS).definition] });
  const run = await startRun(server, "Script");
  await endOf(server, run);
  const path = run.streamPath;
  expires = true;
  expect(await rawAnswer(server.port, { path })).toMatchObject({ status: 200, text: "", ended: "reset" });
  expect(await rawAnswer(server.port, { path })).toMatchObject({ status: 410 });
});

it("a stream of what had ended ends there, though another run begins before it is read", async () => {
  const memory = createMemoryStore();
  let meanwhile: (() => Promise<void>) | undefined;
  const store: typeof memory = {
    ...memory,
    async read(id, after, limit) {
      const act = meanwhile;
      meanwhile = undefined;
      await act?.();
      return memory.read(id, after, limit);
    },
  };
  const server = await openServer({ store, agents: [turnsAgent(TURNS).definition] });
  const run = await startRun(server, "Script");
  await endOf(server, run);
  meanwhile = async () => {
    await startRun(server, "Script", { message: "Go on.", thread_id: run.conversation });
    await eventually(
      "the second end",
      async () => (await memory.history(run.conversation as never)).length === 2,
    );
  };
  const stream = await readStream(server.port, run.streamPath);
  expect(renderedText(stream.events)).toBe("First answer.");
  expect(stream).toMatchObject({ ended: "graceful", headers: { etag: expect.any(String) } });
  const both = await readStream(server.port, run.streamPath);
  expect(renderedText(both.events)).toBe("First answer.Second answer.");
});

describe.each(STORE_KINDS)("a conversation on the %s store", (store) => {
  it("goes on with its next message: the model sees what was said, each stream what was asked for", async () => {
    const agent = turnsAgent(TURNS);
    const server = await openServer({ store, agents: [agent.definition] });
    const first = await startRun(server, "Script", "First question");
    await endOf(server, first);
    const thread = { thread_id: first.conversation };
    const second = await startRun(server, "Script", { message: "Second question", ...thread });
    expect(second).toMatchObject({ conversation: first.conversation, run: 2 });
    await statusOnce(server, second, "Completed");
    await eventually("the second run", () => agent.steps.length === 2);
    expect(agent.steps[1]!.messages).toEqual([
      { role: "user", content: [{ type: "text", text: "First question" }] },
      { role: "assistant", content: [{ type: "text", text: "First answer." }] },
      { role: "user", content: [{ type: "text", text: "Second question" }] },
    ]);

    const whole = await readStream(server.port, first.streamPath);
    expect(whole.ended).toBe("graceful");
    expect(whole.events.map(({ data }) => data)).toEqual(["First answer.", "Second answer.", "[DONE]"]);
    const plain = await rawAnswer(server.port, { path: first.streamPath, headers: { accept: "text/plain" } });
    expect(plain.text).toBe("First answer.\nSecond answer.\n");
    for (const [index, turn] of TURNS.slice(0, 2).entries()) {
      const one = await readStream(server.port, `${first.streamPath}?run=${index + 1}`);
      expect(one.events.map(({ data }) => data)).toEqual([...turn, "[DONE]"]);
    }
  });

  it("is found by whichever name the message gives it", async () => {
    const server = await openServer({
      store,
      agents: [scriptAgent(["a"]), scriptAgent(["b"], { name: "Other" })],
    });
    const { conversation: id } = await startRun(server, "Script");
    const entity = `@dafx-script@${id}`;
    const answers = [
      await call(server, "POST", RUN, { message: "m", thread_id: id }),
      await call(server, "POST", RUN, { message: "m", conversation_id: entity }),
      await call(server, "POST", RUN, { message: "m", conversation_id: id, thread_id: entity }),
      await call(server, "POST", `${RUN}?thread_id=${id}`, "m"),
      await call(server, "POST", RUN, "m", { "x-conversation-id": id }),
      await call(server, "POST", RUN, "m", { "x-conversation-id": `@dafx-SCRIPT@${id}` }),
      await call(server, "POST", RUN, "m", { "x-ms-thread-id": id }),
      await call(server, "POST", "/api/agents/sCRIPT/run", { message: "m", thread_id: id }),
      await call(
        server,
        "POST",
        `/api/agents/script/run`,
        { message: "m", thread_id: id },
        { "x-conversation-id": entity },
      ),
    ];
    for (const [index, answer] of answers.entries()) {
      expect(answer.status).toBe(202);
      expect(answer.body).toMatchObject({ conversation_id: id, run: index + 2 });
      expect(answer.headers.get("location")).toBe(`/api/agent/stream/${id}?run=${index + 2}`);
    }
    const created = await call(server, "POST", "/api/agent/create", "m", { "x-conversation-id": entity });
    expect(created.headers.get("x-conversation-id")).toBe(entity);
    expect(await call(server, "GET", `/api/agents/SCRIPT/run/${entity}`)).toMatchObject({ status: 200 });
    expect(await call(server, "GET", `/api/conversations/${entity}`)).toMatchObject({ status: 200 });
  });

  it("may be begun under an id of the client's own", async () => {
    const server = await openServer({ store, agents: [scriptAgent(["a"])] });
    const run = await startRun(server, "Script", { message: "m", thread_id: "user:42@app_1.x-y" });
    expect(run.conversation).toBe("user:42@app_1.x-y");
    expect((await endOf(server, run)).at("status")).toBe("Completed");
  });

  it("a follower goes on across runs, told of each end", async () => {
    const server = await openServer({ store, agents: [turnsAgent(TURNS).definition] });
    const first = await startRun(server, "Script");
    const stream = await openStream(server.port, `${first.streamPath}?follow=true`);
    await eventually("the first end", () => stream.events.at(-1)?.event === "done");
    await startRun(server, "Script", { message: "m", thread_id: first.conversation });
    await eventually("the second end", () => stream.events.length === 4);
    const words = ["First answer.", "[DONE]", "Second answer.", "[DONE]"];
    expect(stream.events.map(({ data }) => data)).toEqual(words);
    stream.cut();
    const path = `${first.streamPath}?follow=true&cursor=${stream.events.at(-1)!.cursor}`;
    const rest = await openStream(server.port, path);
    expect(rest.status).toBe(200);
    await startRun(server, "Script", { message: "m", thread_id: first.conversation });
    await eventually("the third end", () => rest.events.length === 2);
    expect(renderedText(rest.events)).toBe("Third answer.");
  });

  it("a follower of one run ends with it", async () => {
    const server = await openServer({ store, agents: [scriptAgent(["a"])] });
    const run = await startRun(server, "Script");
    const stream = await readStream(server.port, `${run.streamPath}?run=1&follow=true`);
    expect(stream.ended).toBe("graceful");
    expect(stream.events.map(({ data }) => data)).toEqual(["a", "[DONE]"]);
  });

  it("runs one at a time, in the order accepted, and a stream ends after the latest", async () => {
    const puppet = createPuppet();
    const server = await openServer({ store, agents: [puppet.definition] });
    const first = await startRun(server, "Puppet", "1");
    const stream = readStream(server.port, first.streamPath);
    const later = ["2", "3", "4"].map((message) => ({ message, thread_id: first.conversation }));
    for (const body of later) await startRun(server, "Puppet", body);
    const waiting = await statusOnce(server, first, "Running");
    expect(waiting.at("runs")).toMatchObject([
      { run: 1, status: "Running" },
      { run: 2, status: "Pending", position: 1 },
      { run: 3, status: "Pending", position: 2 },
      { run: 4, status: "Pending", position: 3 },
    ]);
    for (const word of ["a", "b", "c", "d"]) {
      puppet.say(word);
      puppet.end();
    }
    expect(renderedText((await stream).events)).toBe("abcd");
    expect(puppet.mostBusy).toBe(1);
    expect(puppet.steps.map(({ messages }) => messages.at(-1)!.content)).toMatchObject(
      ["1", "2", "3", "4"].map((text) => [{ type: "text", text }]),
    );
  });

  it("refuses more waiting runs than its limit, and says when to come back", async () => {
    const puppet = createPuppet();
    const server = await openServer({ store, agents: [puppet.definition], limits: { maxWaitingRuns: 2 } });
    const run = await startRun(server, "Puppet");
    await statusOnce(server, run, "Running");
    const body = { message: "m", thread_id: run.conversation };
    await startRun(server, "Puppet", body);
    await startRun(server, "Puppet", body);
    const refused = await call(server, "POST", "/api/agents/Puppet/run", body);
    expect(refused).toMatchObject({ status: 429, body: { error: { code: "queue_full" } } });
    expect(refused.headers.get("retry-after")).toBe("1");
  });

  it("is listed, paged, told and deleted", async () => {
    const agents = [turnsAgent(TURNS).definition, scriptAgent(["b"], { name: "Other" })];
    const server = await openServer({ store, agents });
    const run = await startRun(server, "Script", { message: "m", metadata: { user: "u" } });
    await endOf(server, run);
    for (const thread_id of [run.conversation, run.conversation]) {
      await endOf(server, await startRun(server, "Script", { message: "m", thread_id }));
    }
    const other = await startRun(server, "Other");
    await statusOnce(server, { ...run, statusPath: other.statusPath }, "Completed");

    const all = await call(server, "GET", "/api/conversations");
    expect(all.body).toMatchObject({
      conversations: [
        { conversation_id: other.conversation },
        { conversation_id: run.conversation, runs: 3 },
      ],
      next: null,
    });
    const page = await call(server, "GET", "/api/conversations?limit=1");
    const next = page.at("next") as string;
    const rest = await call(server, "GET", `/api/conversations?limit=1&after=${encodeURIComponent(next)}`);
    expect(rest.body).toMatchObject({ conversations: [{ conversation_id: run.conversation }], next: null });
    const mine = await call(server, "GET", "/api/conversations?agent=script");
    expect(mine.body).toMatchObject({ conversations: [{ agent: "Script" }] });

    const history = await call(server, "GET", `/api/conversations/${run.conversation}?limit=2`);
    expect(history.body).toMatchObject({
      agent: "Script",
      runs: [{ run: 1, response: "First answer.", metadata: { user: "u" } }, { run: 2 }],
      next: 3,
    });
    const last = await call(server, "GET", `/api/conversations/${run.conversation}?from=3`);
    expect(last.body).toMatchObject({ runs: [{ run: 3, response: "Third answer." }], next: null });

    const path = `/api/conversations/${run.conversation}`;
    expect(await call(server, "DELETE", path)).toMatchObject({ status: 204 });
    for (const gone of [path, run.statusPath, run.streamPath]) {
      expect(await call(server, "GET", gone)).toMatchObject({ status: 404 });
    }
    expect(await call(server, "DELETE", path)).toMatchObject({ status: 404 });
  });

  it("whose stream has expired says where its history is, and streams again with its next run", async () => {
    const storeOptions = { streamTtlMs: 60 };
    const server = await openServer({ store, agents: [turnsAgent(TURNS).definition], storeOptions });
    const run = await startRun(server, "Script");
    const { events } = await readStream(server.port, run.streamPath);
    const cursor = events[0]!.cursor;
    await eventually("the stream expires", async () => {
      return (await rawAnswer(server.port, { path: run.streamPath })).status === 410;
    });
    const history = `/api/conversations/${run.conversation}`;
    for (const query of ["", `?cursor=${cursor}`, "?run=1"]) {
      const answer = await call(server, "GET", run.streamPath + query);
      expect(answer).toMatchObject({ status: 410, body: { error: { code: "stream_expired", history } } });
    }
    expect((await call(server, "GET", history)).at("runs.0.response")).toBe("First answer.");
    expect((await call(server, "GET", run.statusPath)).at("response")).toBe("First answer.");
    const body = { message: "m", thread_id: run.conversation };
    const answer = await call(server, "POST", `${RUN}?wait_for_response=true`, body);
    expect(answer.at("response")).toBe("Second answer.");
  });
});
