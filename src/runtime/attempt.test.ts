import { describe, expect, test } from "vitest";
import { createMemoryStore } from "../adapters/memory/index.ts";
import { randomConversationId } from "../core/index.ts";
import { defineAgent } from "../define-agent.ts";
import type { AgentDefinition } from "../define-agent.ts";
import { createHoldfast } from "../holdfast.ts";
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
