import { createAiSdkAgent } from "../adapters/ai-sdk/index.ts";
import { createOpenAiBackgroundAgent } from "../adapters/openai-background/index.ts";
import { createScriptedModel } from "../adapters/scripted/index.ts";
import { AgentError } from "../core/index.ts";
import type { ModelAgent } from "../ports/index.ts";
import { ConfigurationError } from "./environment.ts";
import type { Environment, ModelEnvironment } from "./environment.ts";

/** The model that the environment configures, ready for use. */
export interface ConfiguredModel {
  readonly agent: ModelAgent;
  /** One line for the start banner: which model, where, and how it signs in; no secret. */
  readonly description: string;
  readonly source: ModelEnvironment["kind"];
}

/**
 * Makes the model that the environment configures: Azure OpenAI with a key or, without one, with the identity that the
 * process runs under (`DefaultAzureCredential`); OpenAI or a server that speaks like it; else the scripted planner.
 * Answers in the background need no package of their provider's.
 * Nothing is called yet: a wrong key or name shows at the first run.
 *
 * @throws ConfigurationError when the package that the model needs is not installed.
 */
export async function modelFromEnvironment({ model }: Pick<Environment, "model">): Promise<ConfiguredModel> {
  switch (model.kind) {
    case "azure":
      return azureModel(model);
    case "openai":
      return openAiModel(model);
    case "scripted":
      return scriptedModel(model);
  }
}

type AzureEnvironment = Extract<ModelEnvironment, { kind: "azure" }>;
type OpenAiEnvironment = Extract<ModelEnvironment, { kind: "openai" }>;

/** Whom a token for Azure OpenAI is for. */
const AZURE_SCOPE = "https://cognitiveservices.azure.com/.default";
const OPENAI_URL = "https://api.openai.com/v1";

async function azureModel(environment: AzureEnvironment): Promise<ConfiguredModel> {
  if (environment.background) return azureBackgroundModel(environment);
  const { endpoint, deployment, apiKey, api, apiVersion } = environment;
  const { createAzure } = await installed(
    () => import("@ai-sdk/azure"),
    "AZURE_OPENAI_ENDPOINT",
    "@ai-sdk/azure @azure/identity",
  );
  const azure = createAzure({
    ...azureUrls(endpoint, apiVersion),
    ...(apiKey === undefined ? { tokenProvider: await azureTokens() } : { apiKey }),
  });
  const signIn = apiKey === undefined ? "keyless" : "with a key";
  const description = `Azure OpenAI ${deployment} at ${new URL(endpoint).host} (${api} API, ${signIn})`;
  const languageModel = api === "chat" ? azure.chat(deployment) : azure.responses(deployment);
  return { agent: createAiSdkAgent(languageModel, { description }), description, source: "azure" };
}

async function azureBackgroundModel(environment: AzureEnvironment): Promise<ConfiguredModel> {
  const { endpoint, deployment, apiKey } = environment;
  const signIn = apiKey === undefined ? "keyless" : "with a key";
  const description = `Azure OpenAI ${deployment} at ${new URL(endpoint).host} (responses API in the background, ${signIn})`;
  const agent = createOpenAiBackgroundAgent({
    model: deployment,
    baseUrl: `${azureResource(endpoint)}/openai/v1`,
    ...(apiKey === undefined ? { apiKey: await azureTokens() } : { headers: { "api-key": apiKey } }),
    description,
  });
  return { agent, description, source: "azure" };
}

/** People paste the endpoint with and without the path that belongs to it. */
function azureResource(endpoint: string): string {
  return endpoint.replace(/\/openai(?:\/v1)?$/i, "");
}

function azureUrls(endpoint: string, apiVersion: string | undefined): Parameters<CreateAzure>[0] {
  const resource = azureResource(endpoint);
  // The package appends "/v1" for Azure's own hosts only, and would not for a gateway or a mock: so it is told all.
  if (apiVersion === undefined) return { baseURL: `${resource}/openai/v1` };
  return { baseURL: `${resource}/openai`, useDeploymentBasedUrls: true, apiVersion };
}

type CreateAzure = (typeof import("@ai-sdk/azure"))["createAzure"];

async function azureTokens(): Promise<() => Promise<string>> {
  const { DefaultAzureCredential, getBearerTokenProvider } = await installed(
    () => import("@azure/identity"),
    "AZURE_OPENAI_ENDPOINT",
    "@azure/identity",
  );
  // Keeps the token and renews it before it expires.
  const token = getBearerTokenProvider(new DefaultAzureCredential(), AZURE_SCOPE);
  return async () => {
    try {
      return await token();
    } catch (error) {
      throw signInError(error);
    }
  };
}

/** The credentials' own messages tell of the machine, its users and tenants: they stay in the cause. */
function signInError(cause: unknown): AgentError {
  const status = cause instanceof Error && "statusCode" in cause ? Number(cause.statusCode) : 0;
  return status === 429 || status >= 500
    ? new AgentError("model_unavailable", "Azure could not sign the server in for now.", { cause })
    : new AgentError("model_unauthorized", "Azure did not sign the server in: no credential was accepted.", {
        cause,
      });
}

async function openAiModel(environment: OpenAiEnvironment): Promise<ConfiguredModel> {
  if (environment.background) return openAiBackgroundModel(environment);
  const { apiKey, baseUrl, model, api } = environment;
  const { createOpenAI } = await installed(
    () => import("@ai-sdk/openai"),
    baseUrl === undefined ? "OPENAI_API_KEY" : "OPENAI_BASE_URL",
    "@ai-sdk/openai",
  );
  const openai = createOpenAI({
    baseURL: baseUrl ?? OPENAI_URL,
    // The package asks for some key, and a server that needs none takes any.
    apiKey: apiKey ?? "none",
  });
  const server = baseUrl === undefined ? "OpenAI" : new URL(baseUrl).host;
  const description = `${model} at ${server} (${api} API)`;
  const languageModel = api === "chat" ? openai.chat(model) : openai.responses(model);
  return { agent: createAiSdkAgent(languageModel, { description }), description, source: "openai" };
}

function openAiBackgroundModel({ apiKey, baseUrl, model }: OpenAiEnvironment): ConfiguredModel {
  const server = baseUrl === undefined ? "OpenAI" : new URL(baseUrl).host;
  const description = `${model} at ${server} (responses API in the background)`;
  const agent = createOpenAiBackgroundAgent({
    model,
    baseUrl: baseUrl ?? OPENAI_URL,
    ...(apiKey !== undefined && { apiKey }),
    description,
  });
  return { agent, description, source: "openai" };
}

function scriptedModel({
  chunksPerSecond,
}: Extract<ModelEnvironment, { kind: "scripted" }>): ConfiguredModel {
  const description = "scripted planner (offline demo: no model is configured)";
  const model = createScriptedModel({ ...(chunksPerSecond !== undefined && { chunksPerSecond }) });
  return { agent: createAiSdkAgent(model, { description }), description, source: "scripted" };
}

/** The providers' packages are optional peers: who needs one installs it. */
async function installed<Package>(
  load: () => Promise<Package>,
  variable: string,
  packages: string,
): Promise<Package> {
  try {
    return await load();
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND")) throw error;
    throw new ConfigurationError(
      variable,
      `${variable} is set, but a package that it needs is not installed: npm install ${packages}`,
    );
  }
}
