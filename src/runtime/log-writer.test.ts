import { describe, expect, test, vi } from "vitest";
import { createMemoryStore } from "../adapters/memory/index.ts";
import { AgentError, applyEvent, cursorOf, NO_USAGE, NOTHING_LOGGED, START } from "../core/index.ts";
import type { ConversationId, EventBody, LogEvent, RunRecord } from "../core/index.ts";
import { NO_METRICS } from "../ports/index.ts";
import type { AppendListener, AppendOptions, ConversationStore } from "../ports/index.ts";
import { createLogWriter, MAX_BATCH, MAX_ENTRIES_WAITING } from "./log-writer.ts";
import type { LogWriter, LogWriterOptions } from "./log-writer.ts";
import { runModelStep } from "./model-step.ts";

const ID = "conversation" as ConversationId;

describe("a log writer", () => {
  test("stores together what is written before anything has to be waited for", async () => {
    const { writer, appends } = await open();
    writer.write(delta("a"));
    await Promise.resolve();
    writer.write(delta("b"));
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    writer.write(delta("c"));
    await writer.flush();
    expect(appends.map(lengthOf)).toEqual([3]);
  });

  test("has one append in flight, and makes the next of what comes meanwhile", async () => {
    const { writer, appends, held } = await open({ hold: true });
    writer.write(delta("a"));
    await held();
    writer.write(delta("b"));
    writer.write(delta("c"));
    expect(appends.map(lengthOf)).toEqual([1]);
    appends[0]?.release();
    await held();
    appends[1]?.release();
    await writer.flush();
    expect(appends.map(lengthOf)).toEqual([1, 2]);
  });

  test("waits for what was written before it was asked to, whatever is written after it", async () => {
    const { writer, appends, held } = await open({ hold: true });
    writer.write(delta("a"));
    await held();
    let isStored = false;
    const flushed = writer.flush().then(() => (isStored = true));
    writer.write(delta("b"));
    expect(isStored).toBe(false);
    appends[0]?.release();
    await held();
    await flushed;
    expect(appends.map(lengthOf)).toEqual([1, 1]);
  });

  test("believes a store that tells its listener, whatever promise somebody makes around it", async () => {
    const told: AppendListener[] = [];
    const wrapped: ConversationStore["append"] = async (...args: unknown[]) => {
      const listener = args[3] as AppendListener;
      await Promise.resolve();
      listener.taken();
      told.push(listener);
    };
    const { writer } = await open({ store: { ...createMemoryStore(), append: wrapped } });
    let isStored = false;
    writer.write(delta("a"));
    const flushed = writer.flush().then(() => (isStored = true));
    await vi.waitFor(() => expect(told.length).toBe(1));
    writer.write(delta("b"));
    await new Promise((resolve) => setImmediate(resolve));
    expect([isStored, told.length]).toEqual([false, 1]);
    told[0]?.appended();
    await flushed;
    await vi.waitFor(() => expect(told.length).toBe(2));
    told[1]?.appended();
    await writer.flush();
  });

  test("stores what is taken, and a run's record, in the append of their entries", async () => {
    const { writer, appends, store } = await open();
    writer.write(RUN_START, { takes: [1] });
    writer.write({ type: "step-start", step: 1, kind: "model" });
    await writer.flush();
    expect(appends.map(({ options }) => options)).toEqual([{ takes: [1] }]);
    writer.write({ type: "run-completed", usage: NO_USAGE }, { record: RECORD });
    await writer.flush();
    expect(await store.history(ID)).toEqual([RECORD]);
    expect((await store.conversation(ID))?.inbox).toEqual([]);
  });

  test("carries no more than a number of entries in an append", async () => {
    const { writer, appends } = await open();
    for (let written = 0; written < MAX_BATCH + 1; written++) writer.write(delta("x"));
    await writer.flush();
    expect(appends.map(lengthOf)).toEqual([MAX_BATCH, 1]);
  });

  test("goes on from entries that its attempt has in the log already", async () => {
    const opening: readonly EventBody[] = [RUN_START, { type: "step-start", step: 1, kind: "model" }];
    const { writer, store } = await open({ opening });
    writer.write(delta("a"));
    await writer.flush();
    const events = await store.read(ID, START, 10);
    expect(events.map(cursorOf)).toEqual(["1-0", "1-1", "1-2", "1-3"]);
    expect(writer.state).toMatchObject({ start: { id: "run" }, open: { text: "a" } });
  });

  test("tells its state at any moment as all that was written folds to", async () => {
    const { writer } = await open({ opening: [RUN_START, { type: "step-start", step: 1, kind: "model" }] });
    let expected = writer.state;
    for (let sequence = 0; sequence < 200; sequence++) {
      expected = applyEvent(expected, writer.write(delta("x", sequence)));
      expect(writer.chunks).toBe(expected.chunks);
      // Asked now and then, as a run does.
      if (sequence % 7 === 0) expect(writer.state).toEqual(expected);
    }
    expect(writer.state).toEqual(expected);
    await writer.flush();
  });

  test("measures each append, and each try of one that failed", async () => {
    const appended = vi.fn();
    const appendFailed = vi.fn();
    const { writer, store } = await open({ metrics: { ...NO_METRICS, appended, appendFailed } });
    writer.write(delta("a"));
    writer.write(delta("b"));
    await writer.flush();
    await store.acquire(ID, { worker: "other", run: 1 });
    writer.write(delta("late"));
    await expect(writer.flush()).rejects.toMatchObject({ code: "fenced" });
    const durationMs: unknown = expect.any(Number);
    expect(appended.mock.calls).toEqual([[{ entries: 2, durationMs }]]);
    expect(appendFailed.mock.calls).toEqual([[{ code: "fenced", durationMs }]]);
  });

  test("is fenced by a store that lost what this worker cannot give back, whatever it could", async () => {
    const opening: readonly EventBody[] = [RUN_START, { type: "step-start", step: 1, kind: "model" }];
    const { writer } = await open({ opening, losesTo: "1-1" });
    for (let written = 0; written < 3; written++) {
      writer.write(delta("x"));
      if (written < 2) await writer.flush();
    }
    await expect(writer.flush()).rejects.toMatchObject({ code: "fenced" });
  });

  test("fails in good order when its store or its metrics break their word and throw", async () => {
    const thrown = new Error("Out of order.");
    const throwing = (): never => {
      throw thrown;
    };
    for (const broken of [{ appendThrows: throwing }, { metrics: { ...NO_METRICS, appended: throwing } }]) {
      const { writer } = await open(broken);
      writer.write(delta("x"));
      await expect(writer.flush()).rejects.toMatchObject({ code: "internal_error", cause: thrown });
    }
  });

  test("fails for good when another worker has the conversation", async () => {
    const { writer, store } = await open();
    await store.acquire(ID, { worker: "other", run: 1 });
    writer.write(delta("late"));
    await expect(writer.flush()).rejects.toMatchObject({ code: "fenced" });
    expect(writer.failed.reason).toMatchObject({ code: "fenced" });
    await expect(writer.room()).rejects.toMatchObject({ code: "fenced" });
  });
});

describe("a log writer with a window", () => {
  test("gathers until the window is over", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const { writer, appends, held } = await open({ hold: true, windowMs: 50 });
      writer.write(delta("a"));
      vi.advanceTimersByTime(49);
      writer.write(delta("b"));
      expect(appends).toEqual([]);
      vi.advanceTimersByTime(1);
      await held();
      expect(appends.map(lengthOf)).toEqual([2]);
    } finally {
      vi.useRealTimers();
    }
  });

  test("stores at once what somebody waits for, what is taken, and a full batch", async () => {
    const { writer, appends } = await open({ windowMs: 1_000_000 });
    writer.write(delta("a"));
    await writer.flush();
    writer.write(RUN_START, { takes: [1] });
    await vi.waitFor(() => expect(appends.map(lengthOf)).toEqual([1, 1]));
    for (let written = 0; written < MAX_BATCH; written++) writer.write(delta("x"));
    await vi.waitFor(() => expect(appends.map(lengthOf)).toEqual([1, 1, MAX_BATCH]));
  });
});

describe("a model whose store is slow", () => {
  test("is read on as it speaks, until so many entries wait as may", async () => {
    const { writer, appends, held } = await open({ hold: true });
    let said = 0;
    const step = runModelStep(
      {
        description: "endless",
        async *stream(_step, { signal }) {
          for (; !signal.aborted; said++) yield { type: "text-delta", id: "t", delta: "x" };
        },
      },
      REQUEST,
      { writer, signal: stop.signal, idleTimeoutMs: 60_000, continuing: { kind: "begun" } },
    );
    await held();
    const waiting = said;
    await new Promise(setImmediate);
    expect(said).toBe(waiting);
    expect(waiting).toBeGreaterThanOrEqual(MAX_ENTRIES_WAITING - 2);
    stop.abort(new Error("enough"));
    for (let next = 0; next < MAX_ENTRIES_WAITING / MAX_BATCH / 2; next++) {
      await vi.waitFor(() => expect(appends.length).toBeGreaterThan(next), { interval: 1 });
      appends[next]?.release();
    }
    await expect(step).rejects.toThrow("enough");
  });

  test("is not blamed for the silence in which it is kept waiting", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    try {
      const { writer, appends, held } = await open({ hold: true });
      const idleTimeoutMs = 1000;
      const step = runModelStep(
        {
          description: "kept",
          async *stream() {
            yield { type: "provider-response", responseId: "kept" };
            yield { type: "text-delta", id: "t", delta: "x" };
            yield { type: "finish", finishReason: "stop", usage: NO_USAGE };
          },
        },
        REQUEST,
        { writer, signal: new AbortController().signal, idleTimeoutMs, continuing: { kind: "begun" } },
      );
      await held();
      vi.advanceTimersByTime(10 * idleTimeoutMs);
      appends[0]?.release();
      await expect(step).resolves.toBeUndefined();
    } finally {
      vi.useRealTimers();
    }
  });
});

const stop = new AbortController();
const REQUEST = {
  agent: "Agent",
  conversationId: ID,
  runId: "run",
  step: 1,
  instructions: "",
  messages: [],
  tools: [],
  responseFormat: { type: "text" },
} as const;
const RUN_START: EventBody = {
  type: "run-start",
  id: "run",
  agent: "Agent",
  input: "?",
  acceptedAt: 1,
  options: {},
};
const RECORD: RunRecord = {
  run: 1,
  id: "run",
  agent: "Agent",
  status: "completed",
  input: "?",
  options: {},
  messages: [],
  text: "",
  usage: NO_USAGE,
  acceptedAt: 1,
  startedAt: 1,
  endedAt: 1,
  attempts: 1,
  steps: 1,
  from: START,
  to: START,
};

function delta(text: string, sequence = 0): EventBody {
  return { type: "text-delta", step: 1, id: "t", delta: text, sequence };
}

interface Append {
  readonly events: readonly LogEvent[];
  readonly options: AppendOptions | undefined;
  readonly release: () => void;
}

function lengthOf({ events }: Append): number {
  return events.length;
}

interface Bench {
  readonly store: ConversationStore;
  readonly writer: LogWriter;
  /** Every append that the store was asked for. */
  readonly appends: Append[];
  /** Resolves when the newest append is being held, if the store holds them until they are released. */
  readonly held: () => Promise<void>;
}

interface OpenOptions extends Partial<LogWriterOptions> {
  readonly hold?: boolean;
  readonly opening?: readonly EventBody[];
  /** From its third append on the store ends here. */
  readonly losesTo?: string;
  readonly appendThrows?: () => never;
}

async function open({
  hold = false,
  opening = [],
  losesTo,
  appendThrows,
  ...options
}: OpenOptions = {}): Promise<Bench> {
  const memory = createMemoryStore();
  await memory.post(ID, { kind: "run", id: "run", agent: "Agent", input: "?", options: {} });
  let opened: readonly LogEvent[] = [];
  const start = await memory.acquire(ID, {
    worker: "w",
    run: 1,
    opening: ({ attempt, run }) => {
      opened = opening.map((body, index) => ({ v: 1, attempt, run, seq: index + 1, at: 1, ...body }));
      return opened.length > 0 ? { events: opened } : undefined;
    },
  });
  if (!start) throw new AgentError("internal_error", "There was nothing to hold.");
  const appends: Append[] = [];
  const store: ConversationStore = {
    ...memory,
    append(id, events, appendOptions) {
      const { promise, resolve } = Promise.withResolvers<void>();
      appends.push({ events, options: appendOptions, release: resolve });
      if (!hold) resolve();
      appendThrows?.();
      if (losesTo !== undefined && appends.length > 2) {
        return Promise.reject(
          new AgentError("log_gap", "Gone.", { retryable: true, details: { tip: losesTo } }),
        );
      }
      return promise.then(() => memory.append(id, events, appendOptions));
    },
  };
  const known = appends;
  let seen = 0;
  const writer = createLogWriter({
    store,
    id: ID,
    state: [start, ...opened].reduce(applyEvent, NOTHING_LOGGED),
    stored: [start, ...opened],
    now: () => 1,
    metrics: NO_METRICS,
    signal: new AbortController().signal,
    onStored: () => {},
    ...options,
  });
  return {
    store,
    writer,
    appends,
    async held() {
      await vi.waitFor(() => expect(known.length).toBeGreaterThan(seen), { interval: 1 });
      seen = known.length;
    },
  };
}
