import { describe, expect, it } from "vitest";
import * as z from "zod";
import { defineTool } from "../../src/define-agent.ts";
import { eventually } from "../../src/testing/index.ts";
import { call, endOf, startRun, statusOnce } from "../support/api.ts";
import type { Started } from "../support/api.ts";
import { openServer, STORE_KINDS, storePlace } from "../support/holdfast-server.ts";
import type { TestServer, TestServerOptions } from "../support/holdfast-server.ts";
import { openStream, readStream } from "../support/stream-reader.ts";
import { turnsAgent } from "../support/test-agents.ts";
import type { Move } from "../support/test-agents.ts";

const PAY: Move = { type: "tool-call", callId: "c1", name: "pay", input: { euros: 5 } };

/** An agent that wants to pay once and must ask first. */
function payer(approvalTimeoutMs?: number) {
  const paid: number[] = [];
  const pay = defineTool({
    inputSchema: z.object({ euros: z.number() }),
    needsApproval: ({ euros }) => euros > 1,
    ...(approvalTimeoutMs !== undefined && { approvalTimeoutMs }),
    execute: ({ euros }) => {
      paid.push(euros);
      return "paid";
    },
  });
  const agent = turnsAgent([["I would pay.", PAY], ["Thank you."]], { tools: { pay } });
  return { agent, paid, definition: agent.definition };
}

async function parked(options: Pick<TestServerOptions, "store"> & { readonly timeoutMs?: number }) {
  const payments = payer(options.timeoutMs);
  const server = await openServer({ store: options.store!, agents: [payments.definition] });
  const run = await startRun(server, "Script");
  const status = await statusOnce(server, run, "Suspended");
  return { ...payments, server, run, status, path: `${run.statusPath}/approvals/1:2:c1` };
}

async function kinds(server: TestServer, run: Started): Promise<readonly string[]> {
  const { events } = await readStream(server.port, `${run.streamPath}?events=all`);
  return events.map(({ event }) => event).filter((event) => /^(approval|tool|run)-/.test(event));
}

describe.each(STORE_KINDS)("a tool that needs a person's leave on the %s store", (store) => {
  it("parks the run, which says in status and stream what it waits for", async () => {
    const { server, run, status, paid } = await parked({ store });
    const approval = { approval_id: "1:2:c1", call_id: "c1", tool: "pay", input: { euros: 5 } };
    expect(status.body).toMatchObject({
      status: "Suspended",
      approvals: [approval],
      runs: [{ approvals: [approval] }],
    });
    const stream = await openStream(server.port, `${run.streamPath}?events=all`);
    await eventually("the request", () => stream.events.at(-1)?.event === "approval-request");
    expect(JSON.parse(stream.events.at(-1)!.data)).toMatchObject({ approvalId: "1:2:c1", name: "pay" });
    stream.cut();
    expect(paid).toEqual([]);
  });

  it("is executed once when it is allowed, however often that is said", async () => {
    const { server, run, path, paid, agent } = await parked({ store });
    const stream = readStream(server.port, run.streamPath);
    const answers = await Promise.all(
      Array.from({ length: 3 }, () => call(server, "POST", path, { approved: true })),
    );
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
    const status = await endOf(server, run);
    expect(status.body).toMatchObject({
      status: "Completed",
      response: "I would pay.\n\nThank you.",
      approvals: [],
    });
    expect((await stream).ended).toBe("graceful");
    expect(paid).toEqual([5]);
    expect(await call(server, "POST", path, { approved: false })).toMatchObject({
      status: 202,
      body: { status: "Completed" },
    });
    expect(agent.steps).toHaveLength(2);
    expect(await kinds(server, run)).toEqual([
      "run-start",
      "approval-request",
      "approval-response",
      "tool-call",
      "tool-result",
      "run-completed",
    ]);
  });

  it("is not executed when it is denied; the model is told why", async () => {
    const { server, run, path, paid, agent } = await parked({ store });
    await call(server, "POST", path, { approved: false, reason: "Too dear." });
    expect((await endOf(server, run)).at("status")).toBe("Completed");
    expect(paid).toEqual([]);
    expect(agent.steps[1]!.messages.at(-1)).toMatchObject({
      role: "tool",
      content: [{ toolName: "pay", output: { type: "execution-denied", reason: "Too dear." } }],
    });
    expect(await kinds(server, run)).toEqual([
      "run-start",
      "approval-request",
      "approval-response",
      "tool-error",
      "run-completed",
    ]);
  });

  it("can be cancelled while it waits", async () => {
    const { server, run, paid, path } = await parked({ store });
    await call(server, "POST", `${run.statusPath}/cancel`);
    expect((await endOf(server, run)).body).toMatchObject({ status: "Canceled", approvals: [] });
    await call(server, "POST", path, { approved: true });
    expect(paid).toEqual([]);
    const next = await call(server, "POST", "/api/agents/Script/run?wait_for_response=1", "Next", {
      "x-conversation-id": run.conversation,
    });
    expect(next.at("response")).toBe("Thank you.");
  });

  it("is denied by itself when nobody answers in time", async () => {
    const { server, run, paid, agent, status } = await parked({ store, timeoutMs: 150 });
    expect(status.at("approvals.0.expires_at")).toEqual(expect.any(String));
    expect((await endOf(server, run)).at("status")).toBe("Completed");
    expect(paid).toEqual([]);
    expect(agent.steps[1]!.messages.at(-1)).toMatchObject({
      content: [{ output: { type: "execution-denied", reason: "Nobody answered in time." } }],
    });
  });

  it("an approval that nobody asked for is not found, and changes nothing", async () => {
    const { server, run, paid } = await parked({ store });
    for (const id of ["1:2:other", "1:1:c1", "2:2:c1", "c1", "%3a"]) {
      const answer = await call(server, "POST", `${run.statusPath}/approvals/${id}`, { approved: true });
      expect(answer).toMatchObject({ status: 404, body: { error: { code: "approval_not_found" } } });
    }
    expect((await call(server, "GET", run.statusPath)).at("status")).toBe("Suspended");
    expect(paid).toEqual([]);
  });
});

it.each(["sqlite", "redis"] as const)(
  "a parked run survives a restart of the server on %s",
  async (store) => {
    const open = await storePlace(store);
    const { definition, paid } = payer();
    const server = await openServer({ store: await open(), agents: [definition] });
    const run = await startRun(server, "Script");
    await statusOnce(server, run, "Suspended");
    await server.stop();
    const again = await openServer({ store: await open(), agents: [definition] });
    expect((await call(again, "GET", run.statusPath)).at("status")).toBe("Suspended");
    await call(again, "POST", `${run.statusPath}/approvals/1:2:c1`, { approved: true });
    expect((await endOf(again, run)).body).toMatchObject({ status: "Completed", runs: [{ attempts: 2 }] });
    expect(paid).toEqual([5]);
  },
);
