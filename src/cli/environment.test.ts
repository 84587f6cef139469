import { describe, expect, it } from "vitest";
import { ConfigurationError, readEnvironment } from "./environment.ts";

const AZURE = { AZURE_OPENAI_ENDPOINT: "https://my.openai.azure.com/", AZURE_OPENAI_DEPLOYMENT: "gpt" };

it("has a default for everything", () => {
  expect(readEnvironment({})).toEqual({
    host: "127.0.0.1",
    port: 7071,
    dataDirectory: ".holdfast",
    logLevel: "info",
    redisConnectionString: undefined,
    streamTtlMs: 600_000,
    historyTtlMs: 2_592_000_000,
    graceMs: 10_000,
    durableTaskSchedulerConnectionString: undefined,
    model: { kind: "scripted", chunksPerSecond: undefined },
  });
});

it("reads every setting", () => {
  const environment = readEnvironment({
    HOLDFAST_HOST: "::1",
    PORT: "0",
    HOLDFAST_DATA_DIR: "/var/lib/holdfast",
    HOLDFAST_LOG_LEVEL: "DEBUG",
    REDIS_CONNECTION_STRING: "rediss://user:password@redis.example:6380",
    REDIS_STREAM_TTL_MINUTES: "0.5",
    HOLDFAST_HISTORY_TTL_DAYS: "7",
    HOLDFAST_GRACE_SECONDS: "2.5",
    DURABLE_TASK_SCHEDULER_CONNECTION_STRING:
      "Endpoint=http://localhost:8080;TaskHub=default;Authentication=None",
  });
  expect(environment).toEqual({
    host: "::1",
    port: 0,
    dataDirectory: "/var/lib/holdfast",
    logLevel: "debug",
    redisConnectionString: "rediss://user:password@redis.example:6380",
    streamTtlMs: 30_000,
    historyTtlMs: 604_800_000,
    graceMs: 2_500,
    durableTaskSchedulerConnectionString:
      "Endpoint=http://localhost:8080;TaskHub=default;Authentication=None",
    model: { kind: "scripted", chunksPerSecond: undefined },
  });
});

it("takes an empty or a blank variable as absent", () => {
  const names = [
    "PORT",
    "REDIS_CONNECTION_STRING",
    "AZURE_OPENAI_ENDPOINT",
    "OPENAI_API_KEY",
    "HOLDFAST_HOST",
  ];
  const empty = Object.fromEntries(names.map((name) => [name, ""]));
  const blank = Object.fromEntries(names.map((name) => [name, " \r"]));
  expect(readEnvironment(empty)).toEqual(readEnvironment({}));
  expect(readEnvironment(blank)).toEqual(readEnvironment({}));
});

describe("Azure OpenAI", () => {
  it.each(["AZURE_OPENAI_CHAT_DEPLOYMENT_NAME", "AZURE_OPENAI_DEPLOYMENT", "AZURE_OPENAI_DEPLOYMENT_NAME"])(
    "takes its deployment from %s",
    (name) => {
      const env = { AZURE_OPENAI_ENDPOINT: AZURE.AZURE_OPENAI_ENDPOINT, [name]: "gpt" };
      expect(readEnvironment(env).model).toEqual({
        kind: "azure",
        endpoint: "https://my.openai.azure.com",
        deployment: "gpt",
        apiKey: undefined,
        api: "responses",
        apiVersion: undefined,
        background: false,
      });
    },
  );

  it.each(["AZURE_OPENAI_API_KEY", "AZURE_OPENAI_KEY"])("takes its key from %s", (name) => {
    expect(readEnvironment({ ...AZURE, [name]: "k" }).model).toMatchObject({ apiKey: "k" });
  });

  it("takes several names for one thing when they agree", () => {
    const env = {
      ...AZURE,
      AZURE_OPENAI_DEPLOYMENT_NAME: "gpt",
      AZURE_OPENAI_API_KEY: "k",
      AZURE_OPENAI_KEY: "k",
    };
    expect(readEnvironment(env).model).toMatchObject({ deployment: "gpt", apiKey: "k" });
  });

  it("comes before OpenAI when both are set", () => {
    expect(readEnvironment({ ...AZURE, OPENAI_API_KEY: "sk-1" }).model.kind).toBe("azure");
  });

  it.each([
    [{}, "responses", undefined],
    [{ AZURE_OPENAI_API: "chat" }, "chat", undefined],
    [{ AZURE_OPENAI_API_VERSION: "v1" }, "responses", undefined],
    [{ AZURE_OPENAI_API_VERSION: "preview" }, "responses", undefined],
    [{ AZURE_OPENAI_API_VERSION: "2024-10-21" }, "chat", "2024-10-21"],
    [{ AZURE_OPENAI_API_VERSION: "2025-03-01-preview" }, "chat", "2025-03-01-preview"],
  ])("with %j speaks the %s API, version %s", (env, api, apiVersion) => {
    expect(readEnvironment({ ...AZURE, ...env }).model).toMatchObject({ api, apiVersion });
  });
});

describe("OpenAI", () => {
  it("needs a key only", () => {
    expect(readEnvironment({ OPENAI_API_KEY: "sk-1" }).model).toEqual({
      kind: "openai",
      apiKey: "sk-1",
      baseUrl: undefined,
      model: "gpt-5-mini",
      api: "responses",
      background: false,
    });
  });

  it("is any server that speaks like it, by the chat API and without a key unless told otherwise", () => {
    const env = { OPENAI_BASE_URL: "http://localhost:11434/v1/", OPENAI_MODEL: "llama3" };
    expect(readEnvironment(env).model).toEqual({
      kind: "openai",
      apiKey: undefined,
      baseUrl: "http://localhost:11434/v1",
      model: "llama3",
      api: "chat",
      background: false,
    });
    expect(readEnvironment({ ...env, OPENAI_API: "responses" }).model).toMatchObject({ api: "responses" });
  });

  it("answers in the background when asked to, by the Responses API of any server", () => {
    const local = {
      OPENAI_BASE_URL: "http://localhost:4000/v1",
      OPENAI_MODEL: "m",
      OPENAI_BACKGROUND: "true",
    };
    expect(readEnvironment(local).model).toMatchObject({ background: true, api: "responses" });
    expect(readEnvironment({ ...AZURE, AZURE_OPENAI_BACKGROUND: "TRUE" }).model).toMatchObject({
      background: true,
      api: "responses",
    });
  });

  it.each([
    ["OPENAI_BACKGROUND", { OPENAI_API_KEY: "sk-1" }, { OPENAI_API: "chat" }],
    ["AZURE_OPENAI_BACKGROUND", AZURE, { AZURE_OPENAI_API: "chat" }],
    ["AZURE_OPENAI_BACKGROUND", AZURE, { AZURE_OPENAI_API_VERSION: "2024-10-21" }],
  ])("cannot answer in the background (%s) by the chat API", (name, model, chat) => {
    const read = (): unknown => readEnvironment({ ...model, ...chat, [name]: "true" });
    expect(read).toThrow(
      `${name} is "true", which only the Responses API can do, but ${Object.keys(chat)[0]} is`,
    );
    expect(() => readEnvironment({ ...model, [name]: "yes" })).toThrow(
      `${name} is "yes": expected one of true, false.`,
    );
    expect(readEnvironment({ ...model, ...chat, [name]: "false" }).model).toMatchObject({
      background: false,
    });
  });

  it("is still OpenAI when its own address is spelled out", () => {
    const env = { OPENAI_API_KEY: "sk-1", OPENAI_BASE_URL: "https://api.openai.com/v1" };
    expect(readEnvironment(env).model).toMatchObject({ api: "responses", model: "gpt-5-mini" });
  });
});

describe("a bad value", () => {
  it.each<[Record<string, string>, string, string]>([
    [{ PORT: "70710" }, "PORT", 'PORT is "70710": expected a whole number from 0 to 65535.'],
    [{ PORT: "-1" }, "PORT", 'PORT is "-1": expected a whole number from 0 to 65535.'],
    [
      { REDIS_STREAM_TTL_MINUTES: "ten" },
      "REDIS_STREAM_TTL_MINUTES",
      'REDIS_STREAM_TTL_MINUTES is "ten": expected a number of minutes above 0 and up to 525600.',
    ],
    [
      { REDIS_STREAM_TTL_MINUTES: "0" },
      "REDIS_STREAM_TTL_MINUTES",
      'REDIS_STREAM_TTL_MINUTES is "0": expected a number of minutes above 0 and up to 525600.',
    ],
    [
      { HOLDFAST_HISTORY_TTL_DAYS: "1e9" },
      "HOLDFAST_HISTORY_TTL_DAYS",
      'HOLDFAST_HISTORY_TTL_DAYS is "1e9": expected a number of days above 0 and up to 3650.',
    ],
    [
      { HOLDFAST_LOG_LEVEL: "loud" },
      "HOLDFAST_LOG_LEVEL",
      'HOLDFAST_LOG_LEVEL is "loud": expected one of trace, debug, info, warn, error, fatal, silent.',
    ],
    [
      { HOLDFAST_HOST: "localhost:7071" },
      "HOLDFAST_HOST",
      'HOLDFAST_HOST is "localhost:7071": expected a host name or an IP address, without a scheme or a port.',
    ],
    [
      { ...AZURE, AZURE_OPENAI_ENDPOINT: "my.openai.azure.com" },
      "AZURE_OPENAI_ENDPOINT",
      'AZURE_OPENAI_ENDPOINT is "my.openai.azure.com": expected a URL that begins with https:// or http://.',
    ],
    [
      {
        ...AZURE,
        AZURE_OPENAI_ENDPOINT: "https://my.openai.azure.com/openai/deployments/gpt/chat/completions",
      },
      "AZURE_OPENAI_ENDPOINT",
      'AZURE_OPENAI_ENDPOINT is "https://my.openai.azure.com/openai/deployments/gpt/chat/completions": expected the resource alone, such as https://my-resource.openai.azure.com.',
    ],
    [
      { ...AZURE, AZURE_OPENAI_API: "completions" },
      "AZURE_OPENAI_API",
      'AZURE_OPENAI_API is "completions": expected one of chat, responses.',
    ],
    [
      { ...AZURE, AZURE_OPENAI_API_VERSION: "2" },
      "AZURE_OPENAI_API_VERSION",
      'AZURE_OPENAI_API_VERSION is "2": expected a dated version such as "2024-10-21", or "v1".',
    ],
  ])("%j stops the start with one line that names it", (env, variable, message) => {
    expect(failureOf(env)).toMatchObject({ name: "ConfigurationError", variable, message });
  });
});

describe("a contradiction", () => {
  it.each<[Record<string, string>, string, RegExp]>([
    [
      { AZURE_OPENAI_ENDPOINT: "https://my.openai.azure.com" },
      "AZURE_OPENAI_CHAT_DEPLOYMENT_NAME",
      /^AZURE_OPENAI_CHAT_DEPLOYMENT_NAME is missing, but AZURE_OPENAI_ENDPOINT is set/,
    ],
    [
      { AZURE_OPENAI_DEPLOYMENT: "gpt" },
      "AZURE_OPENAI_ENDPOINT",
      /^AZURE_OPENAI_ENDPOINT is missing, but AZURE_OPENAI_DEPLOYMENT is set/,
    ],
    [
      { AZURE_OPENAI_KEY: "k" },
      "AZURE_OPENAI_ENDPOINT",
      /^AZURE_OPENAI_ENDPOINT is missing, but AZURE_OPENAI_KEY is set/,
    ],
    [
      { ...AZURE, AZURE_OPENAI_DEPLOYMENT_NAME: "other" },
      "AZURE_OPENAI_DEPLOYMENT",
      /^AZURE_OPENAI_DEPLOYMENT \("gpt"\) and AZURE_OPENAI_DEPLOYMENT_NAME \("other"\) mean the same and differ/,
    ],
    [
      { ...AZURE, AZURE_OPENAI_API: "responses", AZURE_OPENAI_API_VERSION: "2024-10-21" },
      "AZURE_OPENAI_API",
      /^AZURE_OPENAI_API is "responses", which needs the v1 API, but AZURE_OPENAI_API_VERSION is "2024-10-21"/,
    ],
    [{ OPENAI_MODEL: "gpt-5" }, "OPENAI_API_KEY", /^OPENAI_API_KEY is missing, but OPENAI_MODEL is set/],
    [
      { OPENAI_BASE_URL: "http://localhost:11434/v1" },
      "OPENAI_MODEL",
      /^OPENAI_MODEL is missing, but OPENAI_BASE_URL is set/,
    ],
  ])("in %j is one line", (env, variable, message) => {
    const error = failureOf(env);
    expect(error).toMatchObject({ variable, message: expect.stringMatching(message) });
    expect(error.message).not.toContain("\n");
  });
});

it("repeats no secret", () => {
  const keys = { ...AZURE, AZURE_OPENAI_API_KEY: "secret-one", AZURE_OPENAI_KEY: "secret-two" };
  expect(failureOf(keys).message).toBe(
    "AZURE_OPENAI_API_KEY and AZURE_OPENAI_KEY mean the same and differ: set one of them only.",
  );
  const url = { OPENAI_BASE_URL: "https://user:secret@llm.example/v1", OPENAI_MODEL: "m" };
  expect(failureOf(url).message).not.toContain("secret");
});

function failureOf(env: Record<string, string>): ConfigurationError {
  try {
    readEnvironment(env);
  } catch (error) {
    if (error instanceof ConfigurationError) return error;
    throw error;
  }
  throw new Error(`${JSON.stringify(env)} was accepted`);
}
