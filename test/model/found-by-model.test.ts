import { expect, onTestFinished, test } from "vitest";
import { createMemoryStore } from "../../src/adapters/memory/index.ts";
import { foldRun, randomConversationId } from "../../src/core/index.ts";
import { NO_METRICS, SILENT } from "../../src/ports/index.ts";
import type { AgentUpdate, ConversationStore, DriveTask } from "../../src/ports/index.ts";
import {
  createAgentRegistry,
  createDrive,
  createInboxRounds,
  createLiveConversations,
  DEFAULT_LIMITS,
  DEFAULT_RUNTIME_LIMITS,
} from "../../src/runtime/index.ts";
import type { Agent, Runtime } from "../../src/runtime/index.ts";
import { createLogWriter } from "../../src/runtime/log-writer.ts";
import * as model from "./store-model.ts";

// What the exploration found in the code, each by the shortest way to it. What is marked as failing is not mended yet: as
// soon as it passes it fails, and is to be turned into an ordinary test.

test("a worker that slept before it acquired does not take the next run for the one it saw", async () => {
  const store = createMemoryStore();
  onTestFinished(() => store.close());
  const id = randomConversationId();
  const task = taskFor(id);
  await store.post(id, requestFor("one"));
  let slept = false;
  const sleepy: ConversationStore = {
    ...store,
    async acquire(...args) {
      if (!slept) {
        slept = true;
        await createDrive(runtimeOn(store))(task);
        await store.post(id, requestFor("two"));
      }
      return store.acquire(...args);
    },
  };
  await createDrive(runtimeOn(sleepy))(task);
  await createDrive(runtimeOn(store))(task);
  const history = await store.history(id);
  expect(history.map((record) => [record.run, record.id])).toEqual([
    [1, "one"],
    [2, "two"],
  ]);
});

test("what a failover lost is given back together with the inbox items that it took", async () => {
  const id = randomConversationId();
  const posted = model.post(undefined, id, requestFor("one")).state;
  const begun = model.acquire(posted, { worker: "w", run: 1 })!;
  let state = begun.state;
  const store = {
    mayLoseTail: true,
    append: async (...[, events, options]: Parameters<ConversationStore["append"]>) => {
      state = model.append(state, events, options);
    },
  } as ConversationStore;
  const writer = createLogWriter({
    store,
    id,
    state: foldRun([begun.event]),
    stored: [begun.event],
    now: Date.now,
    metrics: NO_METRICS,
    signal: new AbortController().signal,
    onStored: () => {},
  });
  const start = { id: "one", agent: "Agent", input: "?", acceptedAt: 0, options: {} };
  writer.write({ type: "run-start", ...start }, { takes: [1] });
  await writer.flush();
  // A replica takes over that has not heard of it.
  state = begun.state;
  writer.write({ type: "step-start", step: 1, kind: "model" });
  await writer.flush();
  expect(state.tip).toBe("1-2");
  expect(state.inbox).toEqual([]);
});

test("what a failover lost of an attempt's opening is given back together with what it took", async () => {
  const id = randomConversationId();
  const posted = model.post(undefined, id, requestFor("one")).state;
  const begun = model.acquire(posted, { worker: "w", run: 1 })!;
  const asked = { id: "one", agent: "Agent", input: "?", acceptedAt: 0, options: {} };
  const opened = { ...begun.event, seq: 1, type: "run-start", ...asked } as const;
  // A replica took over that had heard of the attempt and not of its opening.
  let state = begun.state;
  const store = {
    mayLoseTail: true,
    append: async (...[, events, options]: Parameters<ConversationStore["append"]>) => {
      state = model.append(state, events, options);
    },
  } as ConversationStore;
  const writer = createLogWriter({
    store,
    id,
    state: foldRun([begun.event, opened]),
    stored: [begun.event, opened],
    taken: [1],
    now: Date.now,
    metrics: NO_METRICS,
    signal: new AbortController().signal,
    onStored: () => {},
  });
  writer.write({ type: "step-start", step: 1, kind: "model" });
  await writer.flush();
  expect(state.tip).toBe("1-2");
  expect(state.inbox).toEqual([]);
});

test("a worker whose hold was taken from it before it could open its attempt leaves the other alone", async () => {
  const store = createMemoryStore();
  onTestFinished(() => store.close());
  const id = randomConversationId();
  await store.post(id, requestFor("one"));
  let acquired = 0;
  // As in Redis: the opening is an append of its own, before which another may acquire.
  const overtaken: ConversationStore = {
    ...store,
    async acquire(_id, { opening, ...holder }) {
      acquired += 1;
      const start = await store.acquire(id, holder);
      if (acquired === 1) await store.acquire(id, { worker: "other", run: 1 });
      const opened = start && opening?.(start);
      if (opened) await store.append(id, opened.events, opened);
      return start;
    },
  };
  expect(await createDrive(runtimeOn(overtaken))(taskFor(id))).toEqual({ state: "idle" });
  expect((await store.conversation(id))?.attempt).toBe(2);
});

test("a worker that looked before a conversation was deleted does not take the request that began it anew", async () => {
  let time = 0;
  const store = createMemoryStore({ now: () => ++time });
  onTestFinished(() => store.close());
  const id = randomConversationId();
  await store.post(id, requestFor("deleted"));
  let deleted = false;
  const sleepy: ConversationStore = {
    ...store,
    async acquire(...args) {
      if (!deleted) {
        deleted = true;
        await store.delete(id);
        await store.post(id, requestFor("anew"));
      }
      return store.acquire(...args);
    },
  };
  await createDrive(runtimeOn(sleepy))(taskFor(id));
  expect((await store.history(id)).map((record) => record.id)).toEqual(["anew"]);
});

function requestFor(id: string) {
  return { kind: "run", id, agent: "Agent", input: "?", options: {} } as const;
}

function taskFor(id: DriveTask["id"]): DriveTask {
  const { signal } = new AbortController();
  return { id, draining: signal, signal, onInterrupt: () => () => {} };
}

function runtimeOn(store: ConversationStore): Runtime {
  return {
    store,
    live: createLiveConversations(store),
    inboxRounds: createInboxRounds(),
    engine: { description: "none", start: nothing, wake: nothing, interrupt: nothing, stop: nothing },
    agents: createAgentRegistry([AGENT]),
    callbacks: {},
    toolSchemas: { describe: async () => [], validate: async () => ({ ok: true, value: undefined }) },
    logger: SILENT,
    metrics: NO_METRICS,
    limits: DEFAULT_RUNTIME_LIMITS,
    worker: "worker",
    now: Date.now,
  };
}

const AGENT: Agent = {
  name: "Agent",
  description: undefined,
  instructions: "",
  onInterrupted: "restart",
  model: { description: "says yes", stream: answer },
  tools: {},
  limits: DEFAULT_LIMITS,
  callbacks: {},
};

async function* answer(): AsyncGenerator<AgentUpdate> {
  yield { type: "text-delta", id: "t", delta: "yes" };
  yield { type: "finish", finishReason: "stop", usage: { inputTokens: 1, outputTokens: 1 } };
}

async function nothing(): Promise<void> {}
