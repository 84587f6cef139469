import { describe, expect, it } from "vitest";
import * as z from "zod";
import { AgentError } from "../../src/core/index.ts";
import { defineTool } from "../../src/define-agent.ts";
import { eventually } from "../../src/testing/index.ts";
import { call, startRun, statusOnce } from "../support/api.ts";
import { openServer } from "../support/holdfast-server.ts";
import { createPuppet, turnsAgent } from "../support/test-agents.ts";
import { PROTOCOLS } from "./protocol-drivers.ts";
import type { RunAt } from "./protocol-drivers.ts";

// One conversation, asked by the stock clients of every protocol: a client that is new here is a row of PROTOCOLS.

const BUSY = new AgentError("model_unavailable", "Busy.", { retryAfterMs: 1 });
const CONVERSATION = "shared";

async function storedRun({ server, conversation }: RunAt) {
  const history = await call(server, "GET", `/api/conversations/${conversation}`);
  const runs = history.at("runs") as readonly { readonly response: string; readonly status: string }[];
  expect(runs).toHaveLength(1);
  return runs[0]!;
}

/** All who can watch do so from now on; gives what each of them shows. */
async function watchEverywhere(at: RunAt) {
  const watching = PROTOCOLS.flatMap(({ name, watch }) =>
    watch ? [watch(at).then((watcher) => ({ name, ...watcher }))] : [],
  );
  const watchers = await Promise.all(watching);
  return {
    shown: () => Object.fromEntries(watchers.map(({ name, text }) => [name, text()])),
    over: () => Promise.all(watchers.map(({ over }) => over)),
  };
}

function everywhere(text: string): Record<string, string> {
  return Object.fromEntries(PROTOCOLS.flatMap(({ name, watch }) => (watch ? [[name, text]] : [])));
}

const STARTERS = PROTOCOLS.flatMap(({ name, start }) => (start ? [{ name, start }] : []));
const CANCELLERS = PROTOCOLS.flatMap(({ name, cancel }) => (cancel ? [{ name, cancel }] : []));
const APPROVERS = PROTOCOLS.flatMap(({ name, approve }) => (approve ? [{ name, approve }] : []));

describe("a run has the same text on every protocol", () => {
  it.each(STARTERS)("that is started on $name", async ({ start }) => {
    const puppet = createPuppet();
    const server = await openServer({ store: "sqlite", agents: [puppet.definition] });
    const at = { server, agent: "Puppet", conversation: CONVERSATION };
    const starter = await start(at);
    puppet.say("Well, ");
    await eventually("it is said", async () => {
      const { status, body } = await call(server, "GET", `/v1/stream/${CONVERSATION}~1`);
      return status === 200 && JSON.stringify(body).includes("Well, ");
    });
    const early = await watchEverywhere(at);
    await eventually("everybody shows it", () => {
      return Object.values(early.shown()).every((text) => text === "Well, ");
    });
    // What everybody has seen is withdrawn, and said in other words.
    puppet.say(BUSY, "Day 1:\n", "東京 🍣", "\n\n", "data: [DONE]\n\n", "the end");
    puppet.end();
    await Promise.all([starter.over, early.over()]);
    const { response, status } = await storedRun(at);
    expect(status).toBe("completed");
    expect(response).toBe("Day 1:\n東京 🍣\n\ndata: [DONE]\n\nthe end");
    expect(starter.text()).toBe(response);
    expect(early.shown()).toEqual(everywhere(response));
    const late = await watchEverywhere(at);
    await late.over();
    expect(late.shown()).toEqual(everywhere(response));
    expect(puppet.steps).toHaveLength(2);
  });
});

describe("a run that is watched on every protocol", () => {
  it.each(CANCELLERS)("is cancelled on $name", async ({ cancel }) => {
    const puppet = createPuppet();
    const server = await openServer({ agents: [puppet.definition] });
    const at = { server, agent: "Puppet", conversation: CONVERSATION };
    await startRun(server, "Puppet", { message: "Go.", conversation_id: CONVERSATION });
    puppet.say("half");
    const watchers = await watchEverywhere(at);
    await eventually("everybody shows it", () => {
      return Object.values(watchers.shown()).every((text) => text === "half");
    });
    await cancel(at);
    await watchers.over();
    expect(await storedRun(at)).toMatchObject({ status: "cancelled", response: "half" });
    expect(watchers.shown()).toEqual(everywhere("half"));
  });

  it.each(APPROVERS)("is approved on $name", async ({ approve }) => {
    const paid: number[] = [];
    const pay = defineTool({
      inputSchema: z.object({ euros: z.number() }),
      needsApproval: true,
      execute: ({ euros }) => {
        paid.push(euros);
        return "paid";
      },
    });
    const asks = { type: "tool-call", callId: "c1", name: "pay", input: { euros: 5 } } as const;
    const payer = turnsAgent([["I would pay.", asks], ["Thank you."]], { tools: { pay } });
    const server = await openServer({ agents: [payer.definition] });
    const at = { server, agent: "Script", conversation: CONVERSATION };
    const run = await startRun(server, "Script", { message: "Go.", conversation_id: CONVERSATION });
    await statusOnce(server, run, "Suspended");
    await approve(at);
    await statusOnce(server, run, "Completed");
    expect(paid).toEqual([5]);
    const { response } = await storedRun(at);
    expect(response).toBe("I would pay.\n\nThank you.");
    const watchers = await watchEverywhere(at);
    await watchers.over();
    expect(watchers.shown()).toEqual(everywhere(response));
  });
});
