import { describe, expect, test, vi } from "vitest";
import { createMemoryStore } from "../adapters/memory/index.ts";
import { AgentError, randomConversationId } from "../core/index.ts";
import { NO_METRICS } from "../ports/index.ts";
import type { ConversationStore } from "../ports/index.ts";
import { STORE_LAWS } from "../testing/index.ts";
import { measureAppends } from "./measured-store.ts";

describe("a measured store keeps the law of the store in it", () => {
  test.each(STORE_LAWS)("$id: $says", async (law) => {
    await law.check(async (options) => {
      const store = measureAppends(createMemoryStore(options), NO_METRICS);
      return { store, close: () => store.close() };
    });
  });
});

describe("a measured store", () => {
  test("tells how many entries an append had and how long it took", async () => {
    const appended = vi.fn();
    const { store, events } = await heldConversation({ ...NO_METRICS, appended });
    await store.append(events.id, events.entries);
    expect(appended.mock.calls).toEqual([[{ entries: 1, durationMs: 5 }]]);
  });

  test("tells of an append that failed and passes its error on", async () => {
    const appendFailed = vi.fn();
    const { store, events } = await heldConversation({ ...NO_METRICS, appendFailed });
    const stale = events.entries.map((event) => ({ ...event, attempt: 0 }));
    await expect(store.append(events.id, stale)).rejects.toThrow(AgentError);
    expect(appendFailed.mock.calls).toEqual([[{ code: "fenced", durationMs: 5 }]]);
  });
});

async function heldConversation(metrics: typeof NO_METRICS) {
  let time = 0;
  const store: ConversationStore = measureAppends(createMemoryStore(), metrics, () => (time += 5));
  const id = randomConversationId();
  await store.post(id, { kind: "run", id: "r", agent: "A", input: "hello", options: {} });
  const start = (await store.acquire(id, { worker: "w", run: 1 }))!;
  const entry = { v: 1, type: "step-start", kind: "model", step: 1, seq: 1, at: 0, run: 1 } as const;
  return { store, events: { id, entries: [{ ...entry, attempt: start.attempt }] } };
}
