import { expect, test, vi } from "vitest";
import { createMemoryStore } from "../../src/adapters/memory/index.ts";
import type { ConversationId, EventBody } from "../../src/core/index.ts";
import { defineAgent } from "../../src/define-agent.ts";
import type { AgentLimits } from "../../src/index.ts";
import type { ConversationStore, ModelAgent } from "../../src/ports/index.ts";
import { eventually } from "../../src/testing/index.ts";
import { openServer } from "../support/holdfast-server.ts";

const ID = "c" as ConversationId;
const BEGUN: readonly EventBody[] = [
  { type: "run-start", id: "r", agent: "Writer", input: "Go on.", acceptedAt: 0, options: {} },
  { type: "step-start", step: 1, kind: "model" },
  { type: "provider-response", step: 1, responseId: "resp" },
  { type: "text-delta", step: 1, id: "0.0", delta: "Half", sequence: 0 },
];

test("a worker that takes over a cancelled run stops the response that another began, and reads none of it", async () => {
  const store = await storeWithLostRun();
  await store.post(ID, { kind: "cancel", upTo: 1 });
  const model = fakeModel();
  await serve(store, model);
  expect(await endOf(store)).toMatchObject({ status: "cancelled", text: "Half" });
  expect(model.cancelled).toEqual(["resp"]);
  expect(model.responses.resume).not.toHaveBeenCalled();
});

test("a run is cancelled also when its provider cannot be told, and the log of the server says so", async () => {
  const store = await storeWithLostRun();
  await store.post(ID, { kind: "cancel", upTo: 1 });
  const server = await serve(store, fakeModel(new Error("unreachable")));
  expect(await endOf(store)).toMatchObject({ status: "cancelled" });
  expect(server.logs).toContainEqual(
    expect.objectContaining({ level: "warn", facts: expect.objectContaining({ responseId: "resp" }) }),
  );
});

test("a run whose time is up stops its response as well", async () => {
  const store = await storeWithLostRun();
  const model = fakeModel();
  await serve(store, model, { runTimeoutMs: 1 });
  expect(await endOf(store)).toMatchObject({ status: "failed", error: { code: "deadline_exceeded" } });
  await eventually("the provider is told", () => model.cancelled.length > 0);
  expect(model.cancelled).toEqual(["resp"]);
});

/** A run of which a lost worker left half an answer, and the name of the response that it is of. */
async function storeWithLostRun(): Promise<ConversationStore> {
  const store = createMemoryStore();
  await store.post(ID, { kind: "run", id: "r", agent: "Writer", input: "Go on.", options: {} });
  const start = await store.acquire(ID, { worker: "lost", run: 1 });
  if (!start) throw new Error("There is nothing to acquire.");
  const { attempt } = start;
  const at = Date.now() - 1000;
  const events = BEGUN.map((body, n) => ({ v: 1 as const, attempt, seq: n + 1, at, run: 1, ...body }));
  const conversation = await store.conversation(ID);
  await store.append(ID, events, { takes: conversation?.inbox.map((item) => item.itemId) ?? [] });
  return store;
}

interface FakeModel extends ModelAgent {
  readonly responses: NonNullable<ModelAgent["responses"]>;
  readonly cancelled: readonly string[];
}

function fakeModel(failure?: Error): FakeModel {
  const cancelled: string[] = [];
  return {
    cancelled,
    description: "fake",
    stream: vi.fn<ModelAgent["stream"]>(),
    responses: {
      resume: vi.fn<FakeModel["responses"]["resume"]>(),
      async cancel(responseId) {
        if (failure) throw failure;
        cancelled.push(responseId);
      },
    },
  };
}

function serve(
  store: ConversationStore,
  model: ModelAgent,
  limits: Partial<AgentLimits> = {},
): ReturnType<typeof openServer> {
  return openServer({
    store,
    agents: [defineAgent({ name: "Writer", instructions: "Write.", model, limits })],
  });
}

async function endOf(store: ConversationStore): Promise<unknown> {
  await eventually("the run has ended", async () => (await store.history(ID)).length > 0);
  return (await store.history(ID))[0];
}
