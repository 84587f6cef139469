import { describe, expect, it } from "vitest";
import { AgentError } from "../../core/index.ts";
import type { AgentUpdate, ModelStep, UpdateListener } from "../../ports/index.ts";
import { createCustomAgent } from "./custom-agent.ts";
import type { CustomRun } from "./custom-agent.ts";

const FINISH = { type: "finish", finishReason: "stop", usage: { inputTokens: 0, outputTokens: 0 } } as const;

describe.each([
  { way: "iterated", collect: iterate },
  { way: "listened to", collect: listen },
])("a custom agent that is $way", ({ collect }) => {
  it("becomes one part of text when it is strings", async () => {
    const updates = await updatesOf(["Good ", "", "day"]);
    expect(updates).toEqual([
      { type: "text-start", id: "string-1" },
      { type: "text-delta", id: "string-1", delta: "Good " },
      { type: "text-delta", id: "string-1", delta: "day" },
      { type: "text-end", id: "string-1" },
      FINISH,
    ]);
  });

  it("may mix strings and updates: a part of another kind ends the text, data does not", async () => {
    const data = { type: "data", name: "progress", value: 1 } as const;
    const call = { type: "tool-call", callId: "c", name: "weather", input: {} } as const;
    expect(await updatesOf(["a", data, "b", call, "c"])).toEqual([
      { type: "text-start", id: "string-1" },
      { type: "text-delta", id: "string-1", delta: "a" },
      data,
      { type: "text-delta", id: "string-1", delta: "b" },
      { type: "text-end", id: "string-1" },
      call,
      { type: "text-start", id: "string-2" },
      { type: "text-delta", id: "string-2", delta: "c" },
      { type: "text-end", id: "string-2" },
      { ...FINISH, finishReason: "tool-calls" },
    ]);
  });

  it("has its missing starts and ends filled in, text and reasoning apart", async () => {
    const updates = await updatesOf([
      { type: "reasoning-delta", id: "1", delta: "Hm." },
      { type: "text-delta", id: "1", delta: "Day" },
      { type: "reasoning-end", id: "1", providerOptions: { a: { b: 1 } } },
    ]);
    expect(updates).toEqual([
      { type: "reasoning-start", id: "1" },
      { type: "reasoning-delta", id: "1", delta: "Hm." },
      { type: "text-start", id: "1" },
      { type: "text-delta", id: "1", delta: "Day" },
      { type: "reasoning-end", id: "1", providerOptions: { a: { b: 1 } } },
      { type: "text-end", id: "1" },
      FINISH,
    ]);
  });

  it("stays as it is when it is whole, and is not read past its finish", async () => {
    const whole: readonly AgentUpdate[] = [
      { type: "text-start", id: "t" },
      { type: "text-delta", id: "t", delta: "Day" },
      { type: "text-end", id: "t" },
      { ...FINISH, finishReason: "length", usage: { inputTokens: 1, outputTokens: 2 } },
    ];
    expect(await updatesOf([...whole, "more"])).toEqual(whole);
  });

  it("may end any number of parts at once", async () => {
    const starts = Array.from({ length: 20_000 }, (_, n) => ({ type: "text-start", id: `${n}` }) as const);
    const updates = await updatesOf(starts);
    expect(updates.filter(({ type }) => type === "text-end")).toHaveLength(starts.length);
    expect(updates.at(-1)).toEqual(FINISH);
  });

  it("may be nothing at all", async () => {
    expect(await updatesOf([])).toEqual([FINISH]);
  });

  it("passes on what the run throws, after what it said", async () => {
    const error = new AgentError("model_rate_limited", "Slow down.", { retryAfterMs: 5 });
    const seen: AgentUpdate[] = [];
    const reading = collect(
      async function* () {
        yield "Good ";
        throw error;
      },
      new AbortController().signal,
      seen,
    );
    await expect(reading).rejects.toBe(error);
    expect(seen.at(-1)).toEqual({ type: "text-delta", id: "string-1", delta: "Good " });
  });

  it("throws an abort's reason at once, and lets the run clean up", async () => {
    const abort = new AbortController();
    const gate = Promise.withResolvers<void>();
    const cleanedUp = Promise.withResolvers<string>();
    const reading = collect(async function* () {
      try {
        yield "Good ";
        abort.abort("cancelled");
        await gate.promise;
        yield "day";
      } finally {
        cleanedUp.resolve("cleaned up");
      }
    }, abort.signal);
    await expect(reading).rejects.toBe("cancelled");
    gate.resolve();
    expect(await cleanedUp.promise).toBe("cleaned up");
  });

  it("throws an abort's reason though the items cannot be left in good order", async () => {
    for (const leave of [() => ({ done: true }), () => Promise.reject(new Error("No."))]) {
      const abort = new AbortController();
      const items = { next: () => new Promise<never>(() => {}), return: leave };
      const run = (() => ({ [Symbol.asyncIterator]: () => items })) as unknown as CustomRun;
      const reading = collect(run, abort.signal);
      abort.abort("cancelled");
      await expect(reading).rejects.toBe("cancelled");
    }
  });

  it("notices an abort that comes while the run begins", async () => {
    const abort = new AbortController();
    const reading = collect(() => {
      abort.abort("cancelled");
      return sayNothing();
    }, abort.signal);
    await expect(reading).rejects.toBe("cancelled");
  });

  it("does not begin a run that is aborted already", async () => {
    let begun = false;
    const reading = collect(async function* () {
      begun = true;
      yield "Good day";
    }, AbortSignal.abort("stopped"));
    await expect(reading).rejects.toBe("stopped");
    expect(begun).toBe(false);
  });

  async function updatesOf(items: readonly (string | AgentUpdate)[]): Promise<readonly AgentUpdate[]> {
    return collect(async function* () {
      yield* items;
    });
  }
});

it("gets the step, the signal and the idempotency key", async () => {
  const { signal } = new AbortController();
  // oxlint-disable-next-line require-yield -- it only looks at what it is given
  const updates = iterate(async function* (step, options) {
    expect(step).toBe(STEP);
    expect(options).toEqual({ signal, idempotencyKey: "k" });
  }, signal);
  expect(await updates).toEqual([FINISH]);
});

it("ends what is waited for when its reader leaves meanwhile, and begins nothing afterwards", async () => {
  let begun = 0;
  const agent = createCustomAgent(() => {
    begun += 1;
    return { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) };
  });
  const { signal } = new AbortController();
  const read = () => agent.stream(STEP, { signal, idempotencyKey: "k" })[Symbol.asyncIterator]();
  const reader = read();
  const next = reader.next();
  await reader.return?.();
  expect(await next).toEqual({ done: true, value: undefined });
  const other = read();
  await other.return?.();
  expect(await other.next()).toEqual({ done: true, value: undefined });
  expect(begun).toBe(1);
});

it("lets the run clean up when its reader leaves early", async () => {
  let cleanedUp = false;
  const agent = createCustomAgent(async function* () {
    try {
      yield "Good ";
      yield "day";
    } finally {
      cleanedUp = true;
    }
  });
  const { signal } = new AbortController();
  for await (const update of agent.stream(STEP, { signal, idempotencyKey: "k" })) {
    if (update.type === "text-delta") break;
  }
  expect(cleanedUp).toBe(true);
});

describe("a listener", () => {
  it("is given nothing more while it takes an update, and fails the stream by what it rejects with", async () => {
    const gate = Promise.withResolvers<void>();
    const heard: string[] = [];
    let asked = 0;
    const reading = hearAll(
      async function* () {
        for (const text of ["a", "b", "c"]) {
          asked += 1;
          yield text;
        }
      },
      (update) => {
        heard.push(update.type);
        return update.type === "text-delta" ? gate.promise : undefined;
      },
    );
    await expect.poll(() => heard).toEqual(["text-start", "text-delta"]);
    await new Promise(setImmediate);
    expect({ heard: heard.length, asked }).toEqual({ heard: 2, asked: 1 });
    gate.reject(new Error("No room."));
    await expect(reading).rejects.toThrow("No room.");
    expect({ heard: heard.length, asked }).toEqual({ heard: 2, asked: 1 });
  });

  it("fails the stream by what it throws, and lets the run clean up", async () => {
    const cleanedUp = Promise.withResolvers<string>();
    const reading = hearAll(
      async function* () {
        try {
          yield "Good ";
          yield "day";
        } finally {
          cleanedUp.resolve("cleaned up");
        }
      },
      (update) => {
        if (update.type === "text-delta") throw new Error("Enough.");
        return undefined;
      },
    );
    await expect(reading).rejects.toThrow("Enough.");
    expect(await cleanedUp.promise).toBe("cleaned up");
  });

  it("hears of an abort when it has taken what it was taking", async () => {
    const abort = new AbortController();
    const gate = Promise.withResolvers<void>();
    let settled = false;
    const reading = hearAll(
      async function* () {
        yield "Good day";
      },
      (update) => (update.type === "text-delta" ? gate.promise : undefined),
      abort.signal,
    ).finally(() => {
      settled = true;
    });
    await new Promise(setImmediate);
    abort.abort("cancelled");
    await new Promise(setImmediate);
    expect(settled).toBe(false);
    gate.resolve();
    await expect(reading).rejects.toBe("cancelled");
  });
});

it("is described as custom unless told otherwise", () => {
  expect(createCustomAgent(sayNothing).description).toBe("custom");
  expect(createCustomAgent(sayNothing, { description: "an echo" }).description).toBe("an echo");
});

async function* sayNothing(): AsyncGenerator<string> {
  yield "";
}

const STEP: ModelStep = {
  agent: "Echo",
  conversationId: "c",
  runId: "r",
  step: 1,
  instructions: "",
  messages: [{ role: "user", content: [{ type: "text", text: "Hello" }] }],
  tools: [],
  responseFormat: { type: "text" },
};

async function iterate(
  run: CustomRun,
  signal: AbortSignal = new AbortController().signal,
  into: AgentUpdate[] = [],
): Promise<readonly AgentUpdate[]> {
  const agent = createCustomAgent(run);
  for await (const update of agent.stream(STEP, { signal, idempotencyKey: "k" })) into.push(update);
  return into;
}

async function listen(
  run: CustomRun,
  signal?: AbortSignal,
  into: AgentUpdate[] = [],
): Promise<readonly AgentUpdate[]> {
  const hear = (update: AgentUpdate): undefined => void into.push(update);
  await hearAll(run, hear, signal);
  return into;
}

function hearAll(
  run: CustomRun,
  hear: UpdateListener["hear"],
  signal: AbortSignal = new AbortController().signal,
): Promise<void> {
  return new Promise((end, fail) => {
    createCustomAgent(run).stream(STEP, { signal, idempotencyKey: "k" }).listen?.({ hear, end, fail });
  });
}
