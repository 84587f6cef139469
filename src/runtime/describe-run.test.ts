import { expect, onTestFinished, test } from "vitest";
import { createMemoryStore } from "../adapters/memory/index.ts";
import { START } from "../core/index.ts";
import { defineAgent } from "../define-agent.ts";
import { createHoldfast } from "../holdfast.ts";
import type { ConversationStore } from "../ports/index.ts";
import { eventually } from "../testing/index.ts";

test("what a long run was asked is told from its beginning alone", async () => {
  const memory = createMemoryStore();
  let entries = 0;
  const store: ConversationStore = {
    ...memory,
    async read(...given) {
      const page = await memory.read(...given);
      entries += page.length;
      return page;
    },
  };
  const said = Promise.withResolvers<void>();
  const writer = defineAgent({
    name: "Writer",
    instructions: "",
    async *model(_step, { signal }) {
      for (let count = 0; count < 500; count++) yield "word ";
      said.resolve();
      await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    },
  });
  const holdfast = createHoldfast({ agents: [writer], store });
  await holdfast.start();
  onTestFinished(() => holdfast.stop({ graceMs: 0 }));
  const body = JSON.stringify({ model: "Writer", input: "Write.", background: true });
  const started = await holdfast.fetch(new Request("http://test/v1/responses", { method: "POST", body }));
  const { id } = (await started.json()) as { readonly id: string };
  await said.promise;
  const [conversation] = (await memory.list({ limit: 1 })).conversations;
  await eventually("it is stored", async () => {
    const log = await memory.read(conversation!.id, START, 1000);
    return log.filter(({ type }) => type === "text-delta").length === 500;
  });
  entries = 0;
  const asked = await holdfast.fetch(new Request(`http://test/v1/responses/${id}/input_items`));
  expect(await asked.json()).toMatchObject({ data: [{ content: [{ text: "Write." }] }] });
  expect(entries).toBeLessThan(50);
});
