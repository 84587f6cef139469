import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
} from "@ai-sdk/provider";
import { describe, expect, it } from "vitest";
import type { AgentUpdate, ModelAgent, ModelStep } from "../../ports/index.ts";
import { createAiSdkAgent } from "./ai-sdk-agent.ts";
import { MAX_INLINE_FILE_BYTES } from "./data-from-part.ts";

describe("the updates of a model's stream", () => {
  it("gives text and reasoning part by part, and the finish with plain numbers", async () => {
    const updates = await updatesOf([
      { type: "stream-start", warnings: [] },
      { type: "reasoning-start", id: "r" },
      { type: "reasoning-delta", id: "r", delta: "Hm." },
      { type: "reasoning-end", id: "r" },
      { type: "text-start", id: "t" },
      { type: "text-delta", id: "t", delta: "Good " },
      { type: "text-delta", id: "t", delta: "" },
      { type: "text-delta", id: "t", delta: "day" },
      { type: "text-end", id: "t" },
      finish("stop", usage(12, 34)),
    ]);
    expect(updates).toEqual([
      { type: "reasoning-start", id: "r" },
      { type: "reasoning-delta", id: "r", delta: "Hm." },
      { type: "reasoning-end", id: "r" },
      { type: "text-start", id: "t" },
      { type: "text-delta", id: "t", delta: "Good " },
      { type: "text-delta", id: "t", delta: "day" },
      { type: "text-end", id: "t" },
      { type: "finish", finishReason: "stop", usage: { inputTokens: 12, outputTokens: 34 } },
    ]);
  });

  it("keeps a part's newest provider metadata for the way back, whichever part of it brought them", async () => {
    const updates = await updatesOf([
      { type: "reasoning-start", id: "0" },
      { type: "reasoning-delta", id: "0", delta: "", providerMetadata: { anthropic: { signature: "s" } } },
      { type: "text-start", id: "0", providerMetadata: { openai: { itemId: "m", phase: undefined } } },
      { type: "reasoning-end", id: "0" },
      { type: "text-end", id: "0" },
      finish("stop"),
    ]);
    expect(updates).toContainEqual({
      type: "reasoning-end",
      id: "0",
      providerOptions: { anthropic: { signature: "s" } },
    });
    expect(updates).toContainEqual({
      type: "text-end",
      id: "0",
      providerOptions: { openai: { itemId: "m" } },
    });
  });

  it("gives a tool call with its input parsed and its provider metadata", async () => {
    const updates = await updatesOf([
      { type: "tool-input-start", id: "c", toolName: "weather" },
      { type: "tool-input-delta", id: "c", delta: '{"city":"Tokyo"}' },
      { type: "tool-input-end", id: "c" },
      call('{"city":"Tokyo"}', { google: { thoughtSignature: "x" } }),
      finish("tool-calls"),
    ]);
    expect(updates.slice(0, 3)).toEqual([
      { type: "tool-input-start", callId: "c", name: "weather" },
      { type: "tool-input-delta", callId: "c", delta: '{"city":"Tokyo"}' },
      {
        type: "tool-call",
        callId: "c",
        name: "weather",
        input: { city: "Tokyo" },
        providerOptions: { google: { thoughtSignature: "x" } },
      },
    ]);
  });

  it.each([
    ["nothing at all", " ", {}],
    ["text that is not JSON", '{"city": "Tok', '{"city": "Tok'],
    ["JSON that tampers with prototypes", '{"__proto__":{"a":1}}', '{"__proto__":{"a":1}}'],
  ])("takes %s as a tool's input without failing", async (_, text, input) => {
    const updates = await updatesOf([call(text), finish("tool-calls")]);
    expect(updates[0]).toMatchObject({ type: "tool-call", input });
  });

  it("tells of tools that the provider ran itself, but not of their preliminary results", async () => {
    const result = { type: "tool-result", toolCallId: "s", toolName: "search" } as const;
    const updates = await updatesOf([
      { type: "tool-call", toolCallId: "s", toolName: "search", input: "{}", providerExecuted: true },
      { ...result, result: { found: 0 }, preliminary: true },
      { ...result, result: { found: 2 } },
      { ...result, result: { code: 500 }, isError: true },
      finish("stop"),
    ]);
    expect(updates.slice(0, -1)).toEqual([
      { type: "tool-call", callId: "s", name: "search", input: {}, providerExecuted: true },
      { type: "tool-result", callId: "s", name: "search", output: { type: "json", value: { found: 2 } } },
      {
        type: "tool-result",
        callId: "s",
        name: "search",
        output: { type: "error-text", value: '{"code":500}' },
      },
    ]);
  });

  it("gives sources and files as data, and of a file that is too large only its size", async () => {
    const updates = await updatesOf([
      { type: "source", sourceType: "url", id: "1", url: "https://a.example/", title: "A" },
      { type: "source", sourceType: "document", id: "2", mediaType: "text/plain", title: "B" },
      { type: "file", mediaType: "image/png", data: { type: "data", data: new Uint8Array([1, 2, 3]) } },
      {
        type: "file",
        mediaType: "image/png",
        data: { type: "url", url: new URL("https://a.example/p.png") },
      },
      {
        type: "file",
        mediaType: "image/png",
        data: { type: "data", data: new Uint8Array(MAX_INLINE_FILE_BYTES + 1) },
      },
      finish("stop"),
    ]);
    expect(updates.slice(0, -1)).toEqual([
      {
        type: "data",
        name: "source",
        value: { id: "1", sourceType: "url", url: "https://a.example/", title: "A" },
      },
      {
        type: "data",
        name: "source",
        value: { id: "2", sourceType: "document", mediaType: "text/plain", title: "B" },
      },
      { type: "data", name: "file", value: { mediaType: "image/png", bytes: 3, base64: "AQID" } },
      { type: "data", name: "file", value: { mediaType: "image/png", url: "https://a.example/p.png" } },
      {
        type: "data",
        name: "file",
        value: { mediaType: "image/png", bytes: MAX_INLINE_FILE_BYTES + 1, omitted: "too-large" },
      },
    ]);
  });

  it("counts tokens that the provider did not count as none", async () => {
    expect((await updatesOf([finish("length")])).at(-1)).toEqual({
      type: "finish",
      finishReason: "length",
      usage: { inputTokens: 0, outputTokens: 0 },
    });
  });

  it("passes over parts that a newer provider may send", async () => {
    const unknown = { type: "hologram" } as unknown as LanguageModelV4StreamPart;
    expect(await updatesOf([unknown, finish("stop")])).toHaveLength(1);
  });
});

describe("an answer that is not whole", () => {
  it.each<[string, readonly LanguageModelV4StreamPart[]]>([
    ["ends without a finish", [{ type: "text-start", id: "t" }]],
    ["finishes as interrupted", [finish("interrupted")]],
    ["finishes as an error", [finish("error")]],
  ])("is unavailable and may be tried again when the stream %s", async (_, parts) => {
    await expect(updatesOf(parts)).rejects.toMatchObject({ code: "model_unavailable", retryable: true });
  });

  it("fails with the error part, after what came before it, and lets go of the stream", async () => {
    const stream = streamOf(
      [
        { type: "text-start", id: "t" },
        { type: "error", error: { type: "overloaded_error", message: "Overloaded" } },
      ],
      "stays open",
    );
    const seen: AgentUpdate[] = [];
    const reading = collect(createAiSdkAgent(modelOf(stream)), seen);
    await expect(reading).rejects.toMatchObject({
      code: "model_unavailable",
      message: "The model's provider failed (status 503): Overloaded",
    });
    expect(seen).toEqual([{ type: "text-start", id: "t" }]);
    expect(stream.cancelled()).toBe(true);
    expect(stream.readable.locked).toBe(false);
  });

  it("fails with what doStream throws", async () => {
    const model = { ...modelOf(streamOf([])), doStream: () => Promise.reject(new Error("boom")) };
    await expect(collect(createAiSdkAgent(model))).rejects.toMatchObject({
      code: "model_failed",
      message: "The model call failed.",
    });
  });

  it("says so when the provider wants leave for a tool of its own", async () => {
    const reading = updatesOf([{ type: "tool-approval-request", approvalId: "a", toolCallId: "c" }]);
    await expect(reading).rejects.toMatchObject({ code: "model_failed", retryable: false });
  });
});

describe("an abort", () => {
  it("throws its reason while the stream is silent, and cancels the stream", async () => {
    const stream = streamOf([{ type: "text-start", id: "t" }], "stays open");
    const abort = new AbortController();
    const reason = new Error("cancelled");
    const options = { signal: abort.signal, idempotencyKey: "k" };
    const answer = createAiSdkAgent(modelOf(stream)).stream(STEP, options);
    const updates = answer[Symbol.asyncIterator]();
    expect(await updates.next()).toEqual({ done: false, value: { type: "text-start", id: "t" } });
    const next = updates.next();
    abort.abort(reason);
    await expect(next).rejects.toBe(reason);
    expect(stream.cancelled()).toBe(true);
    expect(stream.readable.locked).toBe(false);
  });

  it("throws its reason while the model is still opening, and cancels a stream that opens late", async () => {
    const stream = streamOf([], "stays open");
    const opening = Promise.withResolvers<{ stream: ReadableStream<LanguageModelV4StreamPart> }>();
    let called = false;
    const doStream = (): typeof opening.promise => {
      called = true;
      return opening.promise;
    };
    const abort = new AbortController();
    const reading = collect(createAiSdkAgent({ ...modelOf(stream), doStream }), [], abort.signal);
    await expect.poll(() => called).toBe(true);
    abort.abort("fenced");
    await expect(reading).rejects.toBe("fenced");
    opening.resolve({ stream: stream.readable });
    await expect.poll(stream.cancelled).toBe(true);
  });

  it("throws its reason without calling the model when it came before", async () => {
    const model = modelOf(streamOf([finish("stop")]));
    const reading = collect(createAiSdkAgent(model), [], AbortSignal.abort("stopped"));
    await expect(reading).rejects.toBe("stopped");
    expect(model.calls).toEqual([]);
  });

  it("is told as its reason also when the provider throws an error of its own about it", async () => {
    const abort = new AbortController();
    const model = modelOf(streamOf([]));
    const doStream = (): Promise<never> => {
      abort.abort("stopped");
      return Promise.reject(new DOMException("This operation was aborted", "AbortError"));
    };
    const reading = collect(createAiSdkAgent({ ...model, doStream }), [], abort.signal);
    await expect(reading).rejects.toBe("stopped");
  });

  it("is not needed to let go: a reader that leaves early cancels the stream", async () => {
    const stream = streamOf([{ type: "text-start", id: "t" }], "stays open");
    const signal = new AbortController().signal;
    for await (const update of createAiSdkAgent(modelOf(stream)).stream(STEP, {
      signal,
      idempotencyKey: "k",
    })) {
      expect(update.type).toBe("text-start");
      break;
    }
    expect(stream.cancelled()).toBe(true);
  });
});

describe("the call of a model", () => {
  it("carries the agent's settings and the run's signal", async () => {
    const model = modelOf(streamOf([finish("stop")]));
    const { signal } = new AbortController();
    await collect(createAiSdkAgent(model, { temperature: 0.2, maxOutputTokens: 99 }), [], signal);
    expect(model.calls).toMatchObject([{ temperature: 0.2, maxOutputTokens: 99, abortSignal: signal }]);
  });

  it.each(["openai", "azure"])("asks %s not to store answers of its Responses API", async (name) => {
    const model = modelOf(streamOf([finish("stop")]), `${name}.responses`);
    await collect(createAiSdkAgent(model, { providerOptions: { [name]: { user: "u" } } }));
    expect(model.calls[0]?.providerOptions).toEqual({ [name]: { user: "u", store: false } });
  });

  it("leaves it to the options whether the Responses API stores answers", async () => {
    const model = modelOf(streamOf([finish("stop")]), "azure.responses");
    await collect(createAiSdkAgent(model, { providerOptions: { openai: { store: true } } }));
    expect(model.calls[0]?.providerOptions).toEqual({ openai: { store: true }, azure: { store: true } });
  });
});

describe("what is no model of this specification", () => {
  it.each<[unknown, RegExp]>([
    ["openai/gpt-5", /is the name of a model/],
    [{ specificationVersion: "v2", doStream: () => {} }, /version "v2".*needs "v4": upgrade its provider/],
    [{}, /no language model/],
    [undefined, /no language model/],
  ])("is refused with what to do instead: %j", (model, message) => {
    expect(() => createAiSdkAgent(model as LanguageModelV4)).toThrow(message);
    expect(() => createAiSdkAgent(model as LanguageModelV4)).toThrow(TypeError);
  });
});

it("is described by its model unless told otherwise", () => {
  const model = modelOf(streamOf([]));
  expect(createAiSdkAgent(model).description).toBe("model-1 (test)");
  expect(createAiSdkAgent(model, { description: "mine" }).description).toBe("mine");
});

const STEP: ModelStep = {
  agent: "Planner",
  conversationId: "c",
  runId: "r",
  step: 1,
  instructions: "",
  messages: [{ role: "user", content: [{ type: "text", text: "Hello" }] }],
  tools: [],
  responseFormat: { type: "text" },
};

interface FakeStream {
  readonly readable: ReadableStream<LanguageModelV4StreamPart>;
  readonly cancelled: () => boolean;
}

function streamOf(parts: readonly LanguageModelV4StreamPart[], then?: "stays open"): FakeStream {
  let cancelled = false;
  const readable = new ReadableStream<LanguageModelV4StreamPart>({
    start: (controller) => {
      for (const part of parts) controller.enqueue(part);
      if (then === undefined) controller.close();
    },
    cancel: () => {
      cancelled = true;
    },
  });
  return { readable, cancelled: () => cancelled };
}

function modelOf(
  stream: FakeStream,
  provider = "test",
): LanguageModelV4 & { readonly calls: readonly LanguageModelV4CallOptions[] } {
  const calls: LanguageModelV4CallOptions[] = [];
  return {
    calls,
    specificationVersion: "v4",
    provider,
    modelId: "model-1",
    supportedUrls: {},
    doGenerate: () => Promise.reject(new Error("not used")),
    doStream: (options) => {
      calls.push(options);
      return Promise.resolve({ stream: stream.readable });
    },
  };
}

async function updatesOf(parts: readonly LanguageModelV4StreamPart[]): Promise<readonly AgentUpdate[]> {
  return collect(createAiSdkAgent(modelOf(streamOf(parts))));
}

async function collect(
  agent: ModelAgent,
  into: AgentUpdate[] = [],
  signal: AbortSignal = new AbortController().signal,
): Promise<readonly AgentUpdate[]> {
  for await (const update of agent.stream(STEP, { signal, idempotencyKey: "k" })) into.push(update);
  return into;
}

function call(
  input: string,
  providerMetadata?: Extract<LanguageModelV4StreamPart, { type: "tool-call" }>["providerMetadata"],
): LanguageModelV4StreamPart {
  return {
    type: "tool-call",
    toolCallId: "c",
    toolName: "weather",
    input,
    ...(providerMetadata && { providerMetadata }),
  };
}

function finish(
  unified: Extract<LanguageModelV4StreamPart, { type: "finish" }>["finishReason"]["unified"],
  counted: LanguageModelV4Usage = usage(undefined, undefined),
): LanguageModelV4StreamPart {
  return { type: "finish", finishReason: { unified, raw: undefined }, usage: counted };
}

function usage(input: number | undefined, output: number | undefined): LanguageModelV4Usage {
  return {
    inputTokens: { total: input, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
    outputTokens: { total: output, text: undefined, reasoning: undefined },
  };
}
