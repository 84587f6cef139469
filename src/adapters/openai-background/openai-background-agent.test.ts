import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { AgentUpdate, ModelAgent, ModelStep } from "../../ports/index.ts";
import { createOpenAiBackgroundAgent } from "./openai-background-agent.ts";
import type { OpenAiBackgroundOptions } from "./openai-background-agent.ts";
import { startResponsesUpstream } from "./responses-upstream.fixture.ts";
import type { ResponsesUpstream, UpstreamAnswer } from "./responses-upstream.fixture.ts";

const WORDS = ["Rome ", "was ", "not ", "built ", "in ", "a ", "day", "."];
const TEXT = WORDS.join("");
const ROME: UpstreamAnswer = { items: [{ type: "message", tokens: WORDS }] };
const SLOW_ROME: UpstreamAnswer = { ...ROME, tokenMs: 20 };

describe("a response", () => {
  it("is named before anything else, then told as it comes: thoughts, text, calls, what it cost", async () => {
    const { agent } = await open({
      items: [
        { type: "reasoning", tokens: ["Hm", "."], encryptedContent: "secret" },
        { type: "message", tokens: ["Let ", "me see."] },
        { type: "function_call", tokens: ['{"city":', '"Rome"}'], callId: "c", name: "weather" },
      ],
    });
    const named = { type: "provider-response", responseId: "resp_0" };
    expect(await collect(agent.stream(STEP, options()))).toEqual([
      // Created, queued, in progress.
      named,
      named,
      named,
      { type: "reasoning-start", id: "0.0" },
      { type: "reasoning-delta", id: "0.0", delta: "Hm" },
      { type: "reasoning-delta", id: "0.0", delta: "." },
      {
        type: "reasoning-end",
        id: "0.0",
        providerOptions: { openai: { itemId: "item_0", reasoningEncryptedContent: "secret" } },
      },
      { type: "text-start", id: "1.0" },
      { type: "text-delta", id: "1.0", delta: "Let " },
      { type: "text-delta", id: "1.0", delta: "me see." },
      { type: "text-end", id: "1.0" },
      { type: "tool-input-start", callId: "c", name: "weather" },
      { type: "tool-input-delta", callId: "c", delta: '{"city":' },
      { type: "tool-input-delta", callId: "c", delta: '"Rome"}' },
      { type: "tool-call", callId: "c", name: "weather", input: { city: "Rome" } },
      { type: "finish", finishReason: "tool-calls", usage: { inputTokens: 7, outputTokens: 6 } },
    ]);
  });

  it("carries hidden thoughts in a part without text", async () => {
    const { agent } = await open({ items: [{ type: "reasoning", tokens: [], encryptedContent: "e" }] });
    expect((await collect(agent.stream(STEP, options()))).slice(3, 5)).toMatchObject([
      { type: "reasoning-start", id: "0.0" },
      { type: "reasoning-end", id: "0.0", providerOptions: { openai: { reasoningEncryptedContent: "e" } } },
    ]);
  });

  it("ends as too long where the provider stopped it at its limit", async () => {
    const { agent } = await open({ ...ROME, end: "incomplete" });
    expect((await collect(agent.stream(STEP, options()))).at(-1)).toMatchObject({ finishReason: "length" });
  });

  it("that fails is lost, and says what a new one has to expect", async () => {
    const error = { code: "rate_limit_exceeded", message: "Slow down" };
    const { agent } = await open({ ...ROME, end: "failed", error });
    const seen: AgentUpdate[] = [];
    const reading = collect(agent.stream(STEP, options()), seen);
    await expect(reading).rejects.toMatchObject({ code: "model_rate_limited", retryable: true });
    expect(seen.at(-1)).toEqual({ type: "provider-response-lost" });
  });

  it("that somebody else cancelled is lost", async () => {
    const { agent, upstream } = await open(SLOW_ROME);
    const seen: AgentUpdate[] = [];
    const reading = collect(agent.stream(STEP, options()), seen);
    const failure = expect(reading).rejects.toMatchObject({ code: "model_unavailable", retryable: true });
    await expect.poll(() => textOf(seen)).not.toBe("");
    await fetch(`${upstream.url}/responses/resp_0/cancel`, { method: "POST" });
    upstream.streamsAgain = false;
    await failure;
    expect(seen.at(-1)).toEqual({ type: "provider-response-lost" });
  });
});

describe("a connection that is cut", () => {
  it("goes on after the last event, without a second response", async () => {
    const { agent, upstream } = await open(SLOW_ROME);
    const seen: AgentUpdate[] = [];
    for await (const update of agent.stream(STEP, options())) {
      seen.push(update);
      if (update.type === "text-delta" && [WORDS[1], WORDS[4]].includes(update.delta)) upstream.cut();
    }
    expect(textOf(seen)).toBe(TEXT);
    expect(upstream.responses).toMatchObject([{ tokens: WORDS.length }]);
    const paths = upstream.requests.slice(1).map((request) => request.path);
    expect(paths).toEqual([
      expect.stringMatching(/^\/v1\/responses\/resp_0\?stream=true&starting_after=\d+$/),
      expect.stringMatching(/^\/v1\/responses\/resp_0\?stream=true&starting_after=\d+$/),
    ]);
  });

  it("is unavailable when it cannot be made again, a limited number of times", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    let tries = 0;
    const created = { type: "response.created", sequence_number: 0, response: { id: "r", status: "queued" } };
    const fetch = async (): Promise<Response> => {
      tries += 1;
      if (tries > 1) throw new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") });
      return new Response(`data: ${JSON.stringify(created)}\n\n`, {
        headers: { "content-type": "text/event-stream" },
      });
    };
    const agent = createOpenAiBackgroundAgent({ model: "m", fetch });
    const reading = collect(agent.stream(STEP, options()));
    const failure = expect(reading).rejects.toMatchObject({ code: "model_unavailable", retryable: true });
    await vi.advanceTimersByTimeAsync(60_000);
    await failure;
    expect(tries).toBe(6);
  });
});

describe("a response that is resumed", () => {
  it("is said once more from its beginning, under the same names, to its end", async () => {
    const { agent, upstream } = await open(SLOW_ROME);
    const first: AgentUpdate[] = [];
    const abort = new AbortController();
    const reading = collect(agent.stream(STEP, options(abort.signal)), first);
    const failure = expect(reading).rejects.toBe("lost");
    await expect.poll(() => first.length).toBeGreaterThan(5);
    abort.abort("lost");
    await failure;
    const again = await collect(resume(agent, "resp_0"));
    expect(again.slice(0, first.length)).toEqual(first);
    expect(textOf(again)).toBe(TEXT);
    expect(again.at(-1)).toMatchObject({ type: "finish", finishReason: "stop" });
    // Neither the abort nor the second reading stopped or repeated anything.
    expect(upstream.responses).toMatchObject([{ status: "completed", tokens: WORDS.length }]);
  });

  it("is looked at until it has ended where it is no longer streamed, and then told whole", async () => {
    const { agent, upstream } = await open({ ...ROME, tokenMs: 60 });
    const abort = new AbortController();
    const dropped = collect(agent.stream(STEP, options(abort.signal))).catch(() => {});
    await expect.poll(() => upstream.responses[0]?.tokens).toBe(1);
    abort.abort();
    await dropped;
    upstream.streamsAgain = false;
    const updates = await collect(resume(agent, "resp_0"));
    // Each look at it is a sign of life.
    expect(updates[0]).toEqual({ type: "provider-response", responseId: "resp_0" });
    expect(updates.filter((update) => update.type !== "provider-response")).toEqual([
      { type: "text-start", id: "0.0" },
      { type: "text-delta", id: "0.0", delta: TEXT },
      { type: "text-end", id: "0.0" },
      { type: "finish", finishReason: "stop", usage: { inputTokens: 7, outputTokens: WORDS.length } },
    ]);
  });

  it("is lost where the provider no longer knows it", async () => {
    const { agent, upstream } = await open(ROME);
    await collect(agent.stream(STEP, options()));
    upstream.forget();
    const seen: AgentUpdate[] = [];
    const reading = collect(resume(agent, "resp_0"), seen);
    await expect(reading).rejects.toMatchObject({ code: "model_unavailable", retryAfterMs: 0 });
    expect(seen).toEqual([{ type: "provider-response-lost" }]);
  });
});

describe("a cancellation", () => {
  it("stops the response at the provider, and is no error when there is nothing left to stop", async () => {
    const { agent, upstream } = await open(SLOW_ROME);
    const abort = new AbortController();
    const dropped = collect(agent.stream(STEP, options(abort.signal))).catch(() => {});
    await expect.poll(() => upstream.responses[0]?.tokens).toBeGreaterThan(0);
    abort.abort();
    await dropped;
    const { signal } = new AbortController();
    await agent.responses!.cancel("resp_0", { signal });
    await agent.responses!.cancel("resp_0", { signal });
    await agent.responses!.cancel("resp_unknown", { signal });
    expect(upstream.responses[0]?.status).toBe("cancelled");
    const { headers } = upstream.requests.at(-1)!;
    expect([headers["content-length"], headers["content-type"]]).toEqual(["0", undefined]);
  });
});

describe("the request", () => {
  it("asks for a streamed response in the background, with the agent's tools, format and settings", async () => {
    const { agent, upstream } = await open(ROME, {
      model: "gpt-5-mini",
      apiKey: async () => "token",
      maxOutputTokens: 99,
      reasoning: { effort: "low" },
      body: { service_tier: "flex", text: { verbosity: "low" } },
    });
    const schema = { type: "object", properties: {} };
    const step: ModelStep = {
      ...STEP,
      instructions: "Be brief.",
      tools: [{ name: "weather", description: "Tells it.", inputSchema: schema }],
      responseFormat: { type: "json", name: "answer", schema },
    };
    await collect(agent.stream(step, options()));
    expect(upstream.requests[0]?.headers.authorization).toBe("Bearer token");
    expect(upstream.requests[0]?.body).toEqual({
      model: "gpt-5-mini",
      background: true,
      stream: true,
      store: true,
      instructions: "Be brief.",
      input: [{ role: "user", content: [{ type: "input_text", text: "Hello" }] }],
      tools: [
        { type: "function", name: "weather", description: "Tells it.", parameters: schema, strict: false },
      ],
      text: { verbosity: "low", format: { type: "json_schema", name: "answer", schema, strict: true } },
      max_output_tokens: 99,
      reasoning: { effort: "low" },
      include: ["reasoning.encrypted_content"],
      service_tier: "flex",
    });
  });

  it.each([
    ["gpt-4.1", undefined],
    ["gpt-35-turbo", undefined],
    ["gpt-5-chat-latest", undefined],
    ["o4-mini", ["reasoning.encrypted_content"]],
    ["prod-gpt-5.1", ["reasoning.encrypted_content"]],
  ])("asks %s for its thoughts only if it has any", async (model, include) => {
    const { agent, upstream } = await open(ROME, { model });
    await collect(agent.stream(STEP, options()));
    expect(upstream.requests[0]?.body["include"]).toEqual(include);
  });

  it("that is refused is not sent again", async () => {
    const refuse = vi.fn(async () => Response.json({ error: { message: "No." } }, { status: 503 }));
    const agent = createOpenAiBackgroundAgent({ model: "m", fetch: refuse });
    const failure = { code: "model_unavailable", retryable: true };
    await expect(collect(agent.stream(STEP, options()))).rejects.toMatchObject(failure);
    expect(refuse).toHaveBeenCalledOnce();
  });

  it.each([
    [{ model: "" }, /Name the model/],
    [{ model: "m", baseUrl: "my-resource" }, /pass a URL/],
  ])("is never made with %j", (wrong, message) => {
    expect(() => createOpenAiBackgroundAgent(wrong)).toThrow(message);
  });
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

async function open(
  answer: UpstreamAnswer,
  more: Partial<OpenAiBackgroundOptions> = {},
): Promise<{ readonly agent: ModelAgent; readonly upstream: ResponsesUpstream }> {
  const upstream = await startResponsesUpstream(() => answer);
  onTestFinished(() => upstream.close());
  return {
    upstream,
    agent: createOpenAiBackgroundAgent({ model: "m", baseUrl: `${upstream.url}/`, ...more }),
  };
}

function options(signal: AbortSignal = new AbortController().signal): {
  readonly signal: AbortSignal;
  readonly idempotencyKey: string;
} {
  return { signal, idempotencyKey: "r:1" };
}

function resume(agent: ModelAgent, responseId: string): AsyncIterable<AgentUpdate> {
  return agent.responses!.resume(responseId, STEP, options());
}

async function collect(
  updates: AsyncIterable<AgentUpdate>,
  into: AgentUpdate[] = [],
): Promise<readonly AgentUpdate[]> {
  for await (const update of updates) into.push(update);
  return into;
}

function textOf(updates: readonly AgentUpdate[]): string {
  return updates.map((update) => (update.type === "text-delta" ? update.delta : "")).join("");
}
