import { describe, expect, onTestFinished, test } from "vitest";
import { createMemoryStore } from "../adapters/memory/index.ts";
import { defineAgent } from "../define-agent.ts";
import { createHoldfast } from "../holdfast.ts";
import type { Holdfast } from "../holdfast.ts";
import { loadOnce } from "./load-once.ts";
import { PROTOCOLS } from "./on-demand.ts";

describe("what is loaded on demand", () => {
  test.each(PROTOCOLS)(
    "has the addresses that are known before: $addresses.0.1",
    async ({ addresses, load }) => {
      const loaded = (await load()).map(({ method, path }) => [method, path]);
      expect(loaded).toEqual(addresses);
    },
  );

  test("answers also the requests that come while it is loaded", async () => {
    const holdfast = serve();
    const asked = Array.from({ length: 8 }, () => holdfast.fetch(new Request("http://localhost/v1/models")));
    const answers = await Promise.all((await Promise.all(asked)).map((answer) => answer.json()));
    expect(answers).toEqual(answers.map(() => expect.objectContaining({ object: "list" })));
  });

  test("refuses as its protocol does, from its first request on", async () => {
    const response = await serve().fetch(new Request("http://localhost/v1/responses/nothing"));
    expect(response.status).toBe(400);
    expect(await response.json()).toHaveProperty("error.type", "invalid_request_error");
  });
});

describe("loadOnce", () => {
  test("shares one load among all who ask", async () => {
    let loads = 0;
    const load = loadOnce(async () => ++loads);
    expect(await Promise.all([load(), load()])).toEqual([1, 1]);
    expect(await load()).toBe(1);
  });

  test("tries again after a load that failed", async () => {
    let loads = 0;
    const load = loadOnce(async () => {
      loads += 1;
      if (loads === 1) throw new Error("no such file");
      return loads;
    });
    await expect(load()).rejects.toThrow("no such file");
    expect(await load()).toBe(2);
  });
});

function serve(): Holdfast {
  const agent = defineAgent({
    name: "Puppet",
    instructions: "Says one word.",
    async *model() {
      yield "one";
    },
  });
  const holdfast = createHoldfast({ store: createMemoryStore(), agents: [agent] });
  onTestFinished(() => holdfast.stop({ graceMs: 0 }));
  return holdfast;
}
