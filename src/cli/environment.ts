import { isIPv6 } from "node:net";

/** What a bad environment variable throws at start: one line that names the variable and says what is expected. */
export class ConfigurationError extends Error {
  /** The environment variable to correct; of a conflict, the one to begin with. */
  readonly variable: string;

  constructor(variable: string, message: string) {
    super(message);
    this.name = "ConfigurationError";
    this.variable = variable;
  }
}

/** The longest time that `REDIS_STREAM_TTL_MINUTES` may ask for, in minutes: a year. */
export const MAX_STREAM_TTL_MINUTES: number = 365 * 24 * 60;

/** The longest time that `HOLDFAST_HISTORY_TTL_DAYS` may ask for, in days: ten years. */
export const MAX_HISTORY_TTL_DAYS: number = 3650;

/** The longest grace that `HOLDFAST_GRACE_SECONDS` may ask for, in seconds: an hour. */
export const MAX_GRACE_SECONDS = 3600;

/** The highest pace that `HOLDFAST_DEMO_CHUNKS_PER_SECOND` may ask for. */
export const MAX_DEMO_CHUNKS_PER_SECOND = 100_000;

/** The model that is asked when `OPENAI_API_KEY` is all that is set. */
export const DEFAULT_OPENAI_MODEL = "gpt-5-mini";

export type LogLevel = (typeof LOG_LEVELS)[number];

/** Which of OpenAI's two interfaces to a model is spoken. */
export type OpenAiApi = (typeof APIS)[number];

/** The settings of the CLI, read and checked. */
export interface Environment {
  /** `HOLDFAST_HOST`, default 127.0.0.1. */
  readonly host: string;
  /** `PORT`, default 7071; 0 takes any free one. */
  readonly port: number;
  /** `HOLDFAST_DATA_DIR`, default .holdfast: where the embedded store lives. */
  readonly dataDirectory: string;
  /** `HOLDFAST_LOG_LEVEL`, default info. */
  readonly logLevel: LogLevel;
  /** `REDIS_CONNECTION_STRING`; absent: the embedded store. May hold a password. */
  readonly redisConnectionString: string | undefined;
  /** `REDIS_STREAM_TTL_MINUTES` (default 10), in milliseconds. */
  readonly streamTtlMs: number;
  /** `HOLDFAST_HISTORY_TTL_DAYS` (default 30), in milliseconds. */
  readonly historyTtlMs: number;
  /** `HOLDFAST_GRACE_SECONDS` (default 10), in milliseconds: what steps under way have to finish in at a stop. */
  readonly graceMs: number;
  /** `DURABLE_TASK_SCHEDULER_CONNECTION_STRING`, as it is. May hold a key. */
  readonly durableTaskSchedulerConnectionString: string | undefined;
  readonly model: ModelEnvironment;
}

/** The model that the environment configures: Azure's where there is an endpoint, else OpenAI's, else none. */
export type ModelEnvironment =
  | {
      readonly kind: "azure";
      /** `AZURE_OPENAI_ENDPOINT`, without a slash at its end. */
      readonly endpoint: string;
      /** `AZURE_OPENAI_CHAT_DEPLOYMENT_NAME`, `AZURE_OPENAI_DEPLOYMENT` or `AZURE_OPENAI_DEPLOYMENT_NAME`. */
      readonly deployment: string;
      /** `AZURE_OPENAI_API_KEY` or `AZURE_OPENAI_KEY`; absent: signs in with the identity it runs under. */
      readonly apiKey: string | undefined;
      /** `AZURE_OPENAI_API`; default responses, or chat with a dated `AZURE_OPENAI_API_VERSION`. */
      readonly api: OpenAiApi;
      /** A dated `AZURE_OPENAI_API_VERSION`, for resources without the v1 API. */
      readonly apiVersion: string | undefined;
      /** `AZURE_OPENAI_BACKGROUND`, default false: answers run at the provider, and outlive a crash here. */
      readonly background: boolean;
    }
  | {
      readonly kind: "openai";
      /** `OPENAI_API_KEY`; absent: a server that asks for none. */
      readonly apiKey: string | undefined;
      /** `OPENAI_BASE_URL`, without a slash at its end; absent: OpenAI's own. */
      readonly baseUrl: string | undefined;
      /** `OPENAI_MODEL`, with OpenAI itself default gpt-5-mini. */
      readonly model: string;
      /** `OPENAI_API`; default responses with OpenAI itself and in the background, chat with any other server. */
      readonly api: OpenAiApi;
      /** `OPENAI_BACKGROUND`, default false: answers run at the provider, and outlive a crash here. */
      readonly background: boolean;
    }
  | {
      readonly kind: "scripted";
      /** `HOLDFAST_DEMO_CHUNKS_PER_SECOND`: how fast the demo planner writes; absent: at its own, human pace. */
      readonly chunksPerSecond: number | undefined;
    };

/**
 * Reads what the CLI is configured with. An empty or blank variable counts as absent.
 *
 * @throws ConfigurationError at the first variable that is wrong or contradicts another; secrets are not repeated.
 */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): Environment {
  const read = (name: string): string | undefined => env[name]?.trim() || undefined;
  return {
    host: readHost(read, "HOLDFAST_HOST") ?? "127.0.0.1",
    port: readPort(read, "PORT") ?? 7071,
    dataDirectory: read("HOLDFAST_DATA_DIR") ?? ".holdfast",
    logLevel: readChoice(read, "HOLDFAST_LOG_LEVEL", LOG_LEVELS) ?? "info",
    redisConnectionString: read("REDIS_CONNECTION_STRING"),
    streamTtlMs: toMs(
      readPositive(read, "REDIS_STREAM_TTL_MINUTES", "minutes", MAX_STREAM_TTL_MINUTES) ?? 10,
      MINUTE_MS,
    ),
    historyTtlMs: toMs(
      readPositive(read, "HOLDFAST_HISTORY_TTL_DAYS", "days", MAX_HISTORY_TTL_DAYS) ?? 30,
      DAY_MS,
    ),
    graceMs: toMs(
      readPositive(read, "HOLDFAST_GRACE_SECONDS", "seconds", MAX_GRACE_SECONDS) ?? 10,
      SECOND_MS,
    ),
    durableTaskSchedulerConnectionString: read("DURABLE_TASK_SCHEDULER_CONNECTION_STRING"),
    model: readAzure(read) ?? readOpenAi(read) ?? readScripted(read),
  };
}

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
const APIS = ["chat", "responses"] as const;
const YES_OR_NO = ["true", "false"] as const;
const SECOND_MS = 1000;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const ENDPOINT = "AZURE_OPENAI_ENDPOINT";
const DEPLOYMENTS = [
  "AZURE_OPENAI_CHAT_DEPLOYMENT_NAME",
  "AZURE_OPENAI_DEPLOYMENT",
  "AZURE_OPENAI_DEPLOYMENT_NAME",
] as const;
const AZURE_KEYS = ["AZURE_OPENAI_API_KEY", "AZURE_OPENAI_KEY"] as const;

type Read = (name: string) => string | undefined;

function readScripted(read: Read): ModelEnvironment {
  const chunksPerSecond = readPositive(
    read,
    "HOLDFAST_DEMO_CHUNKS_PER_SECOND",
    "chunks a second",
    MAX_DEMO_CHUNKS_PER_SECOND,
  );
  return { kind: "scripted", chunksPerSecond };
}

function readAzure(read: Read): ModelEnvironment | undefined {
  const endpoint = readUrl(read, ENDPOINT);
  const deployment = readAliases(read, DEPLOYMENTS, "shown");
  const apiKey = readAliases(read, AZURE_KEYS, "secret");
  if (endpoint === undefined) {
    const stray = deployment ?? apiKey;
    if (stray === undefined) return undefined;
    throw new ConfigurationError(
      ENDPOINT,
      `${ENDPOINT} is missing, but ${stray.name} is set: set the endpoint, such as https://my-resource.openai.azure.com, or unset ${stray.name}.`,
    );
  }
  if (/\/(?:deployments|chat|responses)(?:\/|$)/i.test(endpoint)) {
    throw expected(ENDPOINT, endpoint, "the resource alone, such as https://my-resource.openai.azure.com");
  }
  if (deployment === undefined) {
    throw new ConfigurationError(
      DEPLOYMENTS[0],
      `${DEPLOYMENTS[0]} is missing, but ${ENDPOINT} is set: set it to the name of the model's deployment.`,
    );
  }
  const apiVersion = readApiVersion(read);
  const api = readChoice(read, "AZURE_OPENAI_API", APIS);
  if (api === "responses" && apiVersion !== undefined) {
    throw new ConfigurationError(
      "AZURE_OPENAI_API",
      `AZURE_OPENAI_API is "responses", which needs the v1 API, but AZURE_OPENAI_API_VERSION is "${apiVersion}": unset one of them.`,
    );
  }
  const background = readChoice(read, "AZURE_OPENAI_BACKGROUND", YES_OR_NO) === "true";
  if (background && apiVersion !== undefined) {
    throw onlyInResponses("AZURE_OPENAI_BACKGROUND", "AZURE_OPENAI_API_VERSION", apiVersion);
  }
  if (background && api === "chat") {
    throw onlyInResponses("AZURE_OPENAI_BACKGROUND", "AZURE_OPENAI_API", api);
  }
  return {
    kind: "azure",
    endpoint,
    deployment: deployment.value,
    apiKey: apiKey?.value,
    api: api ?? (apiVersion === undefined ? "responses" : "chat"),
    apiVersion,
    background,
  };
}

function onlyInResponses(variable: string, other: string, value: string): ConfigurationError {
  return new ConfigurationError(
    variable,
    `${variable} is "true", which only the Responses API can do, but ${other} is "${value}": unset one of them.`,
  );
}

/** `v1`, `preview` and `latest` all name the v1 API, whose paths carry no version any more. */
function readApiVersion(read: Read): string | undefined {
  const name = "AZURE_OPENAI_API_VERSION";
  const version = read(name);
  if (version === undefined || ["v1", "preview", "latest"].includes(version)) return undefined;
  if (/^\d{4}-\d{2}-\d{2}(?:-preview)?$/.test(version)) return version;
  throw expected(name, version, 'a dated version such as "2024-10-21", or "v1"');
}

function readOpenAi(read: Read): ModelEnvironment | undefined {
  const apiKey = read("OPENAI_API_KEY");
  const baseUrl = readUrl(read, "OPENAI_BASE_URL");
  const model = read("OPENAI_MODEL");
  const api = readChoice(read, "OPENAI_API", APIS);
  if (apiKey === undefined && baseUrl === undefined) {
    if (model === undefined) return undefined;
    throw new ConfigurationError(
      "OPENAI_API_KEY",
      "OPENAI_API_KEY is missing, but OPENAI_MODEL is set: set the key, or OPENAI_BASE_URL for a server that needs none.",
    );
  }
  const isOpenAi = baseUrl === undefined || new URL(baseUrl).hostname === "api.openai.com";
  if (!isOpenAi && model === undefined) {
    throw new ConfigurationError(
      "OPENAI_MODEL",
      "OPENAI_MODEL is missing, but OPENAI_BASE_URL is set: set it to the name of a model of that server.",
    );
  }
  const background = readChoice(read, "OPENAI_BACKGROUND", YES_OR_NO) === "true";
  if (background && api === "chat") throw onlyInResponses("OPENAI_BACKGROUND", "OPENAI_API", api);
  return {
    kind: "openai",
    apiKey,
    baseUrl,
    model: model ?? DEFAULT_OPENAI_MODEL,
    api: api ?? (isOpenAi || background ? "responses" : "chat"),
    background,
  };
}

/** One setting that goes by several names. */
function readAliases(
  read: Read,
  names: readonly string[],
  kind: "shown" | "secret",
): { readonly name: string; readonly value: string } | undefined {
  const found = names.flatMap((name) => {
    const value = read(name);
    return value === undefined ? [] : [{ name, value }];
  });
  const [first, ...others] = found;
  const other = others.find(({ value }) => value !== first?.value);
  if (first === undefined || other === undefined) return first;
  const show = ({ name, value }: { name: string; value: string }): string =>
    kind === "shown" ? `${name} ("${value}")` : name;
  throw new ConfigurationError(
    first.name,
    `${show(first)} and ${show(other)} mean the same and differ: set one of them only.`,
  );
}

function readUrl(read: Read, name: string): string | undefined {
  const text = read(name);
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol)) {
    throw expected(name, text, "a URL that begins with https:// or http://");
  }
  if (url.username !== "" || url.password !== "") {
    throw new ConfigurationError(
      name,
      `${name} holds a user name or password: set the key by its own variable.`,
    );
  }
  return (url.origin + url.pathname).replace(/\/+$/, "");
}

function readHost(read: Read, name: string): string | undefined {
  const host = read(name);
  if (host === undefined || isIPv6(host) || /^[A-Za-z0-9._-]+$/.test(host)) return host;
  throw expected(name, host, "a host name or an IP address, without a scheme or a port");
}

function readPort(read: Read, name: string): number | undefined {
  const text = read(name);
  if (text === undefined) return undefined;
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw expected(name, text, "a whole number from 0 to 65535");
}

function readPositive(read: Read, name: string, unit: string, limit: number): number | undefined {
  const text = read(name);
  if (text === undefined) return undefined;
  const value = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : 0;
  if (value > 0 && value <= limit) return value;
  throw expected(name, text, `a number of ${unit} above 0 and up to ${limit}`);
}

/** Never 0, however small a fraction was asked for. */
function toMs(value: number, unitMs: number): number {
  return Math.ceil(value * unitMs);
}

function readChoice<Choice extends string>(
  read: Read,
  name: string,
  choices: readonly Choice[],
): Choice | undefined {
  const text = read(name);
  if (text === undefined) return undefined;
  const choice = choices.find((known) => known === text.toLowerCase());
  if (choice !== undefined) return choice;
  throw expected(name, text, `one of ${choices.join(", ")}`);
}

function expected(name: string, value: string, what: string): ConfigurationError {
  return new ConfigurationError(name, `${name} is ${JSON.stringify(value)}: expected ${what}.`);
}
