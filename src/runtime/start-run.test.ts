import { expect, test } from "vitest";
import { createMemoryStore } from "../adapters/memory/index.ts";
import { defineAgent } from "../define-agent.ts";
import { createHoldfast } from "../holdfast.ts";
import { IDEMPOTENCY_WINDOW_MS } from "../ports/index.ts";

test("a key that comes again after it was forgotten begins another conversation, and is remembered for that", async () => {
  let ahead = 0;
  const now = (): number => Date.now() + ahead;
  const agent = defineAgent({
    name: "Echo",
    instructions: "",
    async *model() {
      yield "heard";
    },
  });
  const holdfast = createHoldfast({ agents: [agent], store: createMemoryStore({ now }), now });
  const post = async (): Promise<unknown> => {
    const request = new Request("http://localhost/api/agents/Echo/run", {
      method: "POST",
      headers: { "content-type": "text/plain", "idempotency-key": "order-1" },
      body: "Hello",
    });
    const answer = (await (await holdfast.fetch(request)).json()) as { conversation_id: string; run: number };
    return [answer.conversation_id, answer.run];
  };
  const first = await post();
  expect(await post()).toEqual(first);
  ahead = IDEMPOTENCY_WINDOW_MS + 1000;
  const second = await post();
  expect(second).not.toEqual(first);
  expect(second).toMatchObject([expect.any(String), 1]);
  expect(await post()).toEqual(second);
  await holdfast.stop({ graceMs: 0 });
});
