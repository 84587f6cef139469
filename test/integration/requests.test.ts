import { describe, expect, it } from "vitest";
import { AgentError } from "../../src/core/index.ts";
import { eventually } from "../../src/testing/index.ts";
import { call, endOf, startRun, statusOnce } from "../support/api.ts";
import { openServer, STORE_KINDS } from "../support/holdfast-server.ts";
import { createPuppet, scriptAgent, turnsAgent } from "../support/test-agents.ts";

const RUN = "/api/agents/Script/run";

describe.each(STORE_KINDS)("a request to run an agent on the %s store", (store) => {
  it("is accepted with all that a client needs to find it again", async () => {
    const server = await openServer({ store, agents: [scriptAgent(["answer"])] });
    const answer = await call(server, "POST", RUN, "A question");
    const id = answer.at("conversation_id") as string;
    expect(answer.status).toBe(202);
    expect(answer.body).toEqual({
      status: "accepted",
      response: "Agent request accepted",
      message: "A question",
      conversation_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      thread_id: id,
      correlation_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      run: 1,
    });
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "x-conversation-id": id,
      "x-ms-thread-id": id,
      location: `/api/agent/stream/${id}?run=1`,
      "content-location": `/api/agents/Script/run/${id}`,
    });
  });

  it.each([
    ["the body", RUN, { message: "m", wait_for_response: true }, {}],
    ["the query", `${RUN}?wait_for_response=true`, "m", {}],
    ["a header", RUN, "m", { "x-ms-wait-for-response": "true" }],
  ])("that wants the answer, by %s, gets it", async (_where, path, body, headers) => {
    const server = await openServer({ store, agents: [scriptAgent(["the ", "answer"])] });
    const answer = await call(server, "POST", path, body, headers);
    expect(answer).toMatchObject({
      status: 200,
      body: { status: "success", response: "the answer", message: "m" },
    });
    expect(answer.headers.get("x-conversation-id")).toBe(answer.at("conversation_id"));
  });

  it("that wants the answer is told after the limit that it is still to come", async () => {
    const puppet = createPuppet();
    const server = await openServer({
      store,
      agents: [puppet.definition],
      limits: { waitForResponseMs: 30 },
    });
    const body = { message: "m", wait_for_response: true };
    const answer = await call(server, "POST", "/api/agents/Puppet/run", body);
    expect(answer).toMatchObject({ status: 202, body: { status: "timeout", run: 1 } });
    expect(answer.headers.get("location")).toContain("/api/agent/stream/");
  });

  it("that wants the answer of a run that fails is told of the failure", async () => {
    const agent = scriptAgent(["half", new AgentError("model_failed", "No.")]);
    const server = await openServer({ store, agents: [agent] });
    const answer = await call(server, "POST", `${RUN}?wait_for_response=true`, "m");
    expect(answer).toMatchObject({
      status: 200,
      body: { status: "failed", response: "half", error: { code: "model_failed", message: "No." } },
    });
  });

  it("that waits for the answer when the server stops is told that it is still to come", async () => {
    const puppet = createPuppet();
    const server = await openServer({ store, agents: [puppet.definition] });
    const body = { message: "m", wait_for_response: true };
    const waiting = call(server, "POST", "/api/agents/Puppet/run", body);
    await eventually("the run is under way", () => puppet.busy === 1);
    const began = performance.now();
    await server.stop();
    // The client keeps its connection alive; the server does not wait for it to let go.
    expect(performance.now() - began).toBeLessThan(2000);
    expect(await waiting).toMatchObject({ status: 202, body: { status: "timeout" } });
  });

  it("repeated under its key gives the same run, with and without a conversation", async () => {
    const agent = turnsAgent([["answer"]]);
    const server = await openServer({ store, agents: [agent.definition] });
    const key = { "idempotency-key": "key 1" };
    for (const thread of [{}, { thread_id: "mine" }]) {
      const body = { message: "m", ...thread };
      const answers = await Promise.all(
        Array.from({ length: 4 }, () => call(server, "POST", RUN, body, key)),
      );
      const later = await call(server, "POST", RUN, body, key);
      const ids = [...answers, later].map(({ body: told }) => JSON.stringify(told));
      expect(new Set(ids).size).toBe(1);
      expect(later).toMatchObject({ status: 202, body: { run: 1 } });
      const other = await call(server, "POST", RUN, { ...body, message: "another" }, key);
      expect(other).toMatchObject({ status: 422, body: { error: { code: "idempotency_key_reused" } } });
    }
    const fresh = await call(server, "POST", RUN, "m", { "idempotency-key": "key 2" });
    await endOf(server, await startRun(server, "Script", "m"));
    expect((await call(server, "GET", "/api/conversations")).at("conversations")).toHaveLength(4);
    expect(fresh.status).toBe(202);
    await eventually("each run was run once", () => agent.steps.length === 4);
  });

  it("is told by its status through all its states", async () => {
    const puppet = createPuppet();
    const server = await openServer({ store, agents: [puppet.definition] });
    const run = await startRun(server, "Puppet", "A question");
    const running = await statusOnce(server, run, "Running");
    expect(running.body).toMatchObject({
      agent: "Puppet",
      conversation_id: run.conversation,
      correlation_id: run.id,
      message: "A question",
      approvals: [],
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
      cursor: expect.stringMatching(/^1-\d+$/),
      runs: [{ run: 1, attempts: 1, started_at: expect.any(String), accepted_at: expect.any(String) }],
      links: { stream: run.streamPath, status: run.statusPath },
    });
    expect(running.body).not.toHaveProperty("response");

    const second = await startRun(server, "Puppet", { message: "2", thread_id: run.conversation });
    expect((await call(server, "GET", run.statusPath)).body).toMatchObject({
      status: "Running",
      correlation_id: second.id,
      runs: [{ status: "Running" }, { status: "Pending", position: 1, attempts: 0 }],
    });
    puppet.say("one");
    puppet.end();
    puppet.say(new AgentError("model_failed", "No."));
    expect((await statusOnce(server, run, "Failed")).body).toMatchObject({
      response: "",
      error: { code: "model_failed", message: "No." },
      runs: [
        { status: "Completed", response: "one", ended_at: expect.any(String), usage: { input_tokens: 0 } },
        { status: "Failed", error: { code: "model_failed" } },
      ],
    });
  });

  it("passes what it asks for on to the model: no tools, JSON by a schema", async () => {
    const agent = turnsAgent([['{"days":3}']]);
    const server = await openServer({ store, agents: [agent.definition] });
    const schema = { type: "object", properties: { days: { type: "number" } } };
    const formats = [
      ["json", { type: "json" }],
      [{ type: "json_object" }, { type: "json" }],
      [
        { type: "json_schema", schema },
        { type: "json", schema },
      ],
      [
        { type: "json_schema", json_schema: { name: "plan", schema } },
        { type: "json", name: "plan", schema },
      ],
      ["text", { type: "text" }],
      [null, { type: "text" }],
    ];
    for (const [response_format, expected] of formats) {
      const body = { message: "m", response_format, wait_for_response: true };
      const answer = await call(server, "POST", RUN, body);
      expect(answer.at("response")).toBe('{"days":3}');
      expect(agent.steps.at(-1)!.responseFormat).toEqual(expected);
    }
  });
});
