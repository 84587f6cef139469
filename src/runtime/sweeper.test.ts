import { describe, expect, test } from "vitest";
import { createMemoryStore } from "../adapters/memory/index.ts";
import { randomConversationId } from "../core/index.ts";
import type { ConversationId, EventBody } from "../core/index.ts";
import type { ConversationStore } from "../ports/index.ts";
import { NO_METRICS, SILENT } from "../ports/index.ts";
import { createAgentRegistry, DEFAULT_LIMITS } from "./agent.ts";
import { createInboxRounds } from "./inbox-rounds.ts";
import { createLiveConversations } from "./live-conversations.ts";
import { DEFAULT_RUNTIME_LIMITS } from "./runtime.ts";
import type { Runtime } from "./runtime.ts";
import { createSweep, UNTOUCHED_MS } from "./sweeper.ts";

const AGENT = "Clerk";
const APPROVAL = "1:2:call";

describe("a sweep", () => {
  test("wakes what is unfinished and was left alone for long enough, and nothing else", async () => {
    const { store, sweep, woken, pass } = open();
    const old = await parkedConversation(store, { asks: false });
    pass(UNTOUCHED_MS);
    await parkedConversation(store, { asks: false });
    await sweep(UNTOUCHED_MS);
    expect(woken).toEqual([{ id: old }]);
  });

  test("does not wake a run that waits for a person, and looks at it once", async () => {
    const { store, sweep, woken, looks, pass } = open();
    const id = await parkedConversation(store, {});
    pass(UNTOUCHED_MS);
    for (let round = 0; round < 3; round++) await sweep(UNTOUCHED_MS);
    expect(woken).toEqual([]);
    expect(looks()).toEqual([id]);
  });

  test("does not wake a run that waits for a person where its agent is not served either", async () => {
    const { store, sweep, woken, pass } = open({ serves: "Somebody" });
    await parkedConversation(store, {});
    const orphan = await parkedConversation(store, { asks: false });
    pass(UNTOUCHED_MS);
    await sweep(UNTOUCHED_MS);
    expect(woken).toEqual([{ id: orphan }]);
  });

  test("asks for a drive at the moment at which waiting ends, and again when it has come", async () => {
    const { store, sweep, woken, pass, now } = open();
    const expiresAt = now() + UNTOUCHED_MS + 1000;
    const id = await parkedConversation(store, { expiresAt });
    pass(UNTOUCHED_MS);
    await sweep(UNTOUCHED_MS);
    await sweep(UNTOUCHED_MS);
    expect(woken).toEqual([{ id, notBefore: expiresAt }]);
    pass(1000);
    await sweep(UNTOUCHED_MS);
    expect(woken.slice(1)).toEqual([{ id }]);
  });

  test("wakes a run that waited as soon as it is answered, by whomever", async () => {
    const { store, sweep, woken, pass } = open();
    const id = await parkedConversation(store, {});
    pass(UNTOUCHED_MS);
    await sweep(UNTOUCHED_MS);
    await store.post(id, { kind: "approval", approvalId: APPROVAL, approved: true });
    pass(UNTOUCHED_MS);
    await sweep(UNTOUCHED_MS);
    expect(woken).toEqual([{ id }]);
  });

  test("ends in the middle when it is to stop, however much is left", async () => {
    const { store, sweep, woken, pass, stop } = open();
    for (let left = 0; left < 3; left++) await parkedConversation(store, { asks: false });
    pass(UNTOUCHED_MS);
    const sweeping = sweep(UNTOUCHED_MS);
    stop();
    await sweeping;
    expect(woken.length).toBeLessThan(2);
  });

  test("goes on after a conversation that cannot be looked at", async () => {
    const { store, sweep, woken, pass, unreadable } = open();
    const broken = await parkedConversation(store, { asks: false });
    const whole = await parkedConversation(store, { asks: false });
    unreadable.add(broken);
    pass(UNTOUCHED_MS);
    await sweep(UNTOUCHED_MS);
    expect(new Set(woken.map(({ id }) => id))).toEqual(new Set([broken, whole]));
  });
});

interface Woken {
  readonly id: ConversationId;
  readonly notBefore?: number;
}

function open({ serves = AGENT } = {}) {
  let moment = 1_000_000;
  const now = (): number => moment;
  const store = createMemoryStore({ now });
  const looked: ConversationId[] = [];
  const unreadable = new Set<ConversationId>();
  const woken: Woken[] = [];
  const abort = new AbortController();
  const runtime: Runtime = {
    store: {
      ...store,
      async conversation(id) {
        looked.push(id);
        if (unreadable.has(id)) throw new Error("The conversation cannot be read.");
        return store.conversation(id);
      },
    },
    live: createLiveConversations(store),
    inboxRounds: createInboxRounds(),
    engine: {
      description: "notes wakes",
      start: async () => {},
      wake: async (id, options) => void woken.push({ id, ...options }),
      interrupt: async () => {},
      stop: async () => {},
    },
    agents: createAgentRegistry([
      {
        name: serves,
        description: undefined,
        instructions: "",
        model: { description: "silent", async *stream() {} },
        tools: { pay: { inputSchema: undefined as never, execute: () => "", needsApproval: true } },
        onInterrupted: "restart",
        limits: DEFAULT_LIMITS,
        callbacks: {},
      },
    ]),
    callbacks: {},
    toolSchemas: undefined as never,
    logger: SILENT,
    metrics: NO_METRICS,
    limits: DEFAULT_RUNTIME_LIMITS,
    worker: "w",
    now,
  };
  return {
    store,
    woken,
    unreadable,
    now,
    looks: () => looked,
    pass: (ms: number) => void (moment += ms),
    stop: () => abort.abort(),
    sweep: createSweep(runtime, abort.signal),
  };
}

/** A conversation whose run stands in the middle of a round of tools: a person was asked, unless nobody was. */
async function parkedConversation(
  store: ConversationStore,
  { asks = true, expiresAt }: { asks?: boolean; expiresAt?: number },
): Promise<ConversationId> {
  const id = randomConversationId();
  const input = {};
  const call = { type: "tool-call", toolCallId: "call", toolName: "pay", input } as const;
  const bodies: readonly EventBody[] = [
    { type: "run-start", id: "run", agent: AGENT, input: "?", acceptedAt: 1, options: {} },
    { type: "step-start", step: 1, kind: "model" },
    {
      type: "step-end",
      step: 1,
      message: { role: "assistant", content: [call] },
      finishReason: "tool-calls",
    },
    { type: "step-start", step: 2, kind: "tools" },
    {
      type: "approval-request",
      step: 2,
      callId: "call",
      name: "pay",
      approvalId: APPROVAL,
      input,
      ...(expiresAt !== undefined && { expiresAt }),
    },
  ];
  await store.post(id, { kind: "run", id: "run", agent: AGENT, input: "?", options: {} });
  const start = await store.acquire(id, { worker: "w", run: 1 });
  const { attempt } = start!;
  const events = bodies.slice(0, asks ? undefined : -1);
  await store.append(
    id,
    events.map((body, index) => ({ v: 1, attempt, run: 1, seq: index + 1, at: 1_000_000, ...body })),
    { takes: [1] },
  );
  return id;
}
