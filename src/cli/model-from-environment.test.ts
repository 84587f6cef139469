import { createServer } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { LLMock } from "@copilotkit/aimock";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Message } from "../core/index.ts";
import type { AgentUpdate, ModelAgent, ModelStep } from "../ports/index.ts";
import { readEnvironment } from "./environment.ts";
import { modelFromEnvironment } from "./model-from-environment.ts";
import type { ConfiguredModel } from "./model-from-environment.ts";

const KEY = "the-key-of-the-test";
const TOKEN = "the-token-of-the-managed-identity";

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all(closers.splice(0).map((close) => close()));
});

describe("a round with a tool call, over HTTP", () => {
  it.each<[string, (url: string) => Record<string, string>, string, string]>([
    [
      "Azure's Responses API with a key",
      (url) => ({ ...azure(url), AZURE_OPENAI_API_KEY: KEY }),
      "/openai/v1/responses",
      "responses API, with a key",
    ],
    [
      "Azure's chat API with a key",
      (url) => ({ ...azure(`${url}/openai/v1/`), AZURE_OPENAI_KEY: KEY, AZURE_OPENAI_API: "chat" }),
      "/openai/v1/chat/completions",
      "chat API, with a key",
    ],
    [
      "Azure's dated chat API with a key",
      (url) => ({ ...azure(url), AZURE_OPENAI_API_KEY: KEY, AZURE_OPENAI_API_VERSION: "2024-10-21" }),
      "/openai/deployments/planner/chat/completions?api-version=2024-10-21",
      "chat API, with a key",
    ],
    [
      "OpenAI's Responses API",
      (url) => ({ ...openai(url), OPENAI_API: "responses" }),
      "/v1/responses",
      "gpt-5-mini at 127.0.0.1",
    ],
    ["OpenAI's chat API", openai, "/v1/chat/completions", "chat API"],
    [
      "OpenAI's Responses API in the background",
      (url) => ({ ...openai(url), OPENAI_BACKGROUND: "true" }),
      "/v1/responses",
      "responses API in the background",
    ],
    [
      "Azure's Responses API in the background with a key",
      (url) => ({ ...azure(url), AZURE_OPENAI_API_KEY: KEY, AZURE_OPENAI_BACKGROUND: "true" }),
      "/openai/v1/responses",
      "responses API in the background, with a key",
    ],
  ])("works with %s", async (_, environmentOf, path, description) => {
    const mock = await startModel([KEY]);
    const configured = await modelFromEnvironment(readEnvironment(environmentOf(mock.url)));
    await expectRoundWithTool(configured.agent);
    expect(mock.getRequests().map((request) => request.path)).toEqual([path, path]);
    expect(configured.description).toContain(description);
    expect(configured.description).not.toContain(KEY);
  });

  it("works with Azure without a key: the managed identity's token reaches the model", async () => {
    // The model answers 401 to anything but this token.
    const mock = await startModel([TOKEN]);
    const identity = await startIdentity();
    stubManagedIdentity(identity.url);
    const configured = await modelFromEnvironment(readEnvironment(azure(mock.url)));
    await expectRoundWithTool(configured.agent);
    expect(configured).toMatchObject({ source: "azure", description: expect.stringContaining("keyless") });
    // One token for both calls, asked for with the host's secret and for the right audience.
    expect(identity.requests).toHaveLength(1);
    expect(identity.requests[0]?.headers["x-identity-header"]).toBe("identity-secret");
    expect(identity.requests[0]?.url).toContain(encodeURIComponent("https://cognitiveservices.azure.com"));
  });

  it("works with a local server that asks for no key", async () => {
    const mock = await startModel();
    const environment = { OPENAI_BASE_URL: `${mock.url}/v1`, OPENAI_MODEL: "llama3" };
    const configured = await modelFromEnvironment(readEnvironment(environment));
    await expectRoundWithTool(configured.agent);
    expect(configured.source).toBe("openai");
    expect(mock.getRequests()[0]?.path).toBe("/v1/chat/completions");
  });
});

describe.each(["responses", "chat"])("a failure over HTTP, by the %s API", (api) => {
  it("is unauthorized with a wrong key, which is not repeated", async () => {
    const mock = await startModel(["another-key"]);
    const { agent } = await openAiModel(mock, api);
    const failure = await failureOf(agent, WEATHER);
    expect(failure).toMatchObject({ code: "model_unauthorized", retryable: false, details: { status: 401 } });
    expect(failure).toHaveProperty("message", expect.not.stringContaining(KEY));
  });

  it("is rate limited with the wait that the server asks for", async () => {
    const mock = await startModel();
    const error = { message: "Slow down", type: "rate_limit_error" };
    mock.prependFixture({
      match: { userMessage: "weather" },
      response: { error, status: 429, retryAfter: 7 },
    });
    const { agent } = await openAiModel(mock, api);
    expect(await failureOf(agent, WEATHER)).toMatchObject({
      code: "model_rate_limited",
      retryable: true,
      retryAfterMs: 7000,
      message: "The model's provider limits requests (status 429): Slow down",
    });
    // Trying again is the runtime's part.
    expect(mock.getRequests()).toHaveLength(1);
  });

  it("is unavailable when the server fails", async () => {
    const mock = await startModel();
    mock.nextRequestError(500, { message: "Internal", type: "server_error" });
    const { agent } = await openAiModel(mock, api);
    expect(await failureOf(agent, WEATHER)).toMatchObject({
      code: "model_unavailable",
      retryable: true,
      details: { status: 500 },
    });
  });

  it("is unavailable when the connection is cut in mid-stream, after the text that came before", async () => {
    const mock = await startModel();
    mock.prependFixture({
      match: { userMessage: "weather" },
      response: { content: "It is sunny in Tokyo. ".repeat(20) },
      truncateAfterChunks: 12,
      streamingProfile: { ttft: 1, tps: 100 },
    });
    const { agent } = await openAiModel(mock, api);
    const seen: AgentUpdate[] = [];
    expect(await failureOf(agent, WEATHER, seen)).toMatchObject({
      code: "model_unavailable",
      retryable: true,
      message: "The connection to the model's provider failed or was cut.",
    });
    expect(textOf(seen)).toMatch(/^It is sunny/);
  });

  it("is unavailable when nobody listens", async () => {
    const mock = await startModel();
    const { agent } = await openAiModel(mock, api);
    await mock.stop();
    closers.length = 0;
    expect(await failureOf(agent, WEATHER)).toMatchObject({ code: "model_unavailable", retryable: true });
  });
});

it("is unauthorized when Azure does not sign the server in, and says nothing of the credentials", async () => {
  const mock = await startModel();
  // A service principal of the environment, of which the environment knows nothing.
  vi.stubEnv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential");
  for (const name of ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"])
    vi.stubEnv(name, undefined);
  const { agent } = await modelFromEnvironment(readEnvironment(azure(mock.url)));
  expect(await failureOf(agent, WEATHER)).toMatchObject({
    code: "model_unauthorized",
    retryable: false,
    message: "Azure did not sign the server in: no credential was accepted.",
  });
  expect(mock.getRequests()).toHaveLength(0);
});

it("is the scripted planner when no model is configured", async () => {
  const { agent, source, description } = await modelFromEnvironment(readEnvironment({}));
  expect(source).toBe("scripted");
  expect(description).toContain("scripted planner");
  expect(agent.description).toBe(description);
});

const WEATHER: readonly Message[] = [
  { role: "user", content: [{ type: "text", text: "How is the weather in Tokyo?" }] },
];

function azure(url: string): Record<string, string> {
  return { AZURE_OPENAI_ENDPOINT: url, AZURE_OPENAI_CHAT_DEPLOYMENT_NAME: "planner" };
}

function openai(url: string): Record<string, string> {
  return { OPENAI_BASE_URL: `${url}/v1`, OPENAI_API_KEY: KEY, OPENAI_MODEL: "gpt-5-mini" };
}

async function openAiModel(mock: LLMock, api: string): Promise<ConfiguredModel> {
  return modelFromEnvironment(readEnvironment({ ...openai(mock.url), OPENAI_API: api }));
}

/** A model that asks for the weather tool and then tells the weather. */
async function startModel(keys?: readonly string[]): Promise<LLMock> {
  const mock = new LLMock({ host: "127.0.0.1", port: 0, ...(keys && { auth: { apiKeys: keys } }) });
  mock.on(
    { userMessage: "weather", hasToolResult: false },
    { toolCalls: [{ id: "call_1", name: "weather", arguments: '{"city":"Tokyo"}' }] },
  );
  mock.on(
    { userMessage: "weather", hasToolResult: true, toolResultContains: "sunny" },
    {
      content: "It is sunny in Tokyo.",
      usage: { prompt_tokens: 5, completion_tokens: 7, input_tokens: 5, output_tokens: 7 },
    },
  );
  await mock.start();
  closers.push(() => mock.stop());
  return mock;
}

/** The endpoint at which Azure's hosts hand out tokens of the identity that they run under. */
async function startIdentity(): Promise<{
  readonly url: string;
  readonly requests: readonly IncomingMessage[];
}> {
  const requests: IncomingMessage[] = [];
  const server: Server = createServer((request, response) => {
    requests.push(request);
    const token = {
      access_token: TOKEN,
      expires_on: String(Math.floor(Date.now() / 1000) + 86_400),
      resource: "https://cognitiveservices.azure.com",
      token_type: "Bearer",
    };
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify(token));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(
    () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  );
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/msi/token`, requests };
}

function stubManagedIdentity(url: string): void {
  vi.stubEnv("AZURE_CLIENT_ID", undefined);
  vi.stubEnv("IDENTITY_ENDPOINT", url);
  vi.stubEnv("IDENTITY_HEADER", "identity-secret");
  vi.stubEnv("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential");
}

/** Two steps, with the messages in between that the runtime would make. */
async function expectRoundWithTool(agent: ModelAgent): Promise<void> {
  const first = await collect(agent, WEATHER);
  const call = first.find((update) => update.type === "tool-call");
  expect(call).toMatchObject({ callId: "call_1", name: "weather", input: { city: "Tokyo" } });
  if (call === undefined) return;
  expect(first.at(-1)).toMatchObject({ type: "finish", finishReason: "tool-calls" });

  const { callId: toolCallId, name: toolName, input, providerOptions } = call;
  const second = await collect(agent, [
    ...WEATHER,
    {
      role: "assistant",
      content: [
        { type: "tool-call", toolCallId, toolName, input, ...(providerOptions && { providerOptions }) },
      ],
    },
    {
      role: "tool",
      content: [
        { type: "tool-result", toolCallId, toolName, output: { type: "json", value: { sky: "sunny" } } },
      ],
    },
  ]);
  expect(textOf(second)).toBe("It is sunny in Tokyo.");
  expect(second.at(-1)).toEqual({
    type: "finish",
    finishReason: "stop",
    usage: { inputTokens: 5, outputTokens: 7 },
  });
}

function textOf(updates: readonly AgentUpdate[]): string {
  return updates.map((update) => (update.type === "text-delta" ? update.delta : "")).join("");
}

async function failureOf(
  agent: ModelAgent,
  messages: readonly Message[],
  into: AgentUpdate[] = [],
): Promise<unknown> {
  return collect(agent, messages, into).then(
    () => undefined,
    (error: unknown) => error,
  );
}

async function collect(
  agent: ModelAgent,
  messages: readonly Message[],
  into: AgentUpdate[] = [],
): Promise<readonly AgentUpdate[]> {
  const { signal } = new AbortController();
  for await (const update of agent.stream(stepOf(messages), { signal, idempotencyKey: "k" }))
    into.push(update);
  return into;
}

function stepOf(messages: readonly Message[]): ModelStep {
  return {
    agent: "Planner",
    conversationId: "c",
    runId: "r",
    step: 1,
    instructions: "Be brief.",
    messages,
    tools: [
      {
        name: "weather",
        description: "The weather in a city.",
        inputSchema: {
          type: "object",
          properties: { city: { type: "string" } },
          required: ["city"],
          additionalProperties: false,
        },
      },
    ],
    responseFormat: { type: "text" },
  };
}
