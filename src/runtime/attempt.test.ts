import { describe, expect, test } from "vitest";
import { createMemoryStore } from "../adapters/memory/index.ts";
import { randomConversationId } from "../core/index.ts";
import { defineAgent } from "../define-agent.ts";
import type { AgentDefinition } from "../define-agent.ts";
import { createHoldfast } from "../holdfast.ts";
import type { ConversationStore } from "../ports/index.ts";
import { UNSERVED_LIMIT_MS } from "./drive.ts";
import { eventually } from "../testing/index.ts";

describe("a run of an agent that is no longer served", () => {
  test("fails and says so, once, instead of being taken up for ever", async () => {
    const store = createMemoryStore({ now: () => Date.now() - 2 * UNSERVED_LIMIT_MS });
    const id = randomConversationId();
    await store.post(id, { kind: "run", id: "r", agent: "Gone", input: "Still there?", options: {} });
    const other = defineAgent({
      name: "Other",
      instructions: "",
      async *model() {
        yield "not asked";
      },
    });
    const holdfast = createHoldfast({ agents: [other], store });
    await holdfast.start();
    await eventually("the run ends", async () => (await store.history(id)).length === 1);
    const [record] = await store.history(id);
    expect(record).toMatchObject({ status: "failed", error: { code: "agent_not_found" }, attempts: 1 });
    await holdfast.stop({ graceMs: 0 });
  });

  test("waits for a process that has the agent, as during a deploy", async () => {
    const store = createMemoryStore();
    const id = randomConversationId();
    await store.post(id, { kind: "run", id: "r", agent: "New", input: "Hello?", options: {} });
    const agentOf = (name: string): AgentDefinition =>
      defineAgent({
        name,
        instructions: "",
        async *model() {
          yield "served";
        },
      });
    const old = createHoldfast({ agents: [agentOf("Old")], store });
    await old.start();
    await eventually("the old worker has looked", async () => (await store.conversation(id)) !== undefined);
    const young = createHoldfast({ agents: [agentOf("New")], store });
    await young.start();
    await eventually("the run ends", async () => (await store.history(id)).length === 1);
    expect(await store.history(id)).toMatchObject([{ status: "completed", text: "served" }]);
    await old.stop({ graceMs: 0 });
    await young.stop({ graceMs: 0 });
  });
});

describe("an append window", () => {
  test("stores an answer in one append, and holds up neither its end nor what comes after", async () => {
    const memory = createMemoryStore();
    const appends: string[][] = [];
    const store: ConversationStore = {
      ...memory,
      append(id, events, options) {
        appends.push(events.map((event) => event.type));
        return memory.append(id, events, options);
      },
    };
    const speaker = defineAgent({
      name: "Speaker",
      instructions: "",
      async *model() {
        for (const word of ["piece ", "by ", "piece"]) {
          await new Promise(setImmediate);
          yield word;
        }
      },
    });
    const holdfast = createHoldfast({ agents: [speaker], store, limits: { appendWindowMs: 1_000_000 } });
    await holdfast.start();
    const url = "http://localhost/api/agents/Speaker/run?wait_for_response=true";
    const response = await holdfast.fetch(new Request(url, { method: "POST", body: "Speak." }));
    expect(await response.json()).toMatchObject({ status: "success", response: "piece by piece" });
    expect(appends).toHaveLength(1);
    expect(appends[0]?.at(-1)).toBe("run-completed");
    await holdfast.stop({ graceMs: 0 });
  });
});
