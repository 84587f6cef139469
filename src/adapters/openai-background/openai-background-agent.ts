import type { ModelAgent } from "../../ports/index.ts";
import { iterableOnDemand } from "../ai-sdk/iterable-on-demand.ts";
import type { BackgroundResponses } from "./background-responses.ts";
import type { ResponseSettings } from "./request-from-step.ts";

export interface OpenAiBackgroundOptions extends ResponseSettings {
  /** A key, or what gives a token for each request, such as `getBearerTokenProvider` of @azure/identity. */
  readonly apiKey?: string | (() => PromiseLike<string>);
  /** Up to and with `/v1`. Default OpenAI's own; Azure's is `https://<resource>.openai.azure.com/openai/v1`. */
  readonly baseUrl?: string;
  /** More headers of each request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What people see in the start banner and in traces. Default: the model and the server. */
  readonly description?: string;
  readonly fetch?: typeof globalThis.fetch;
}

const OPENAI_URL = "https://api.openai.com/v1";

/**
 * A model of OpenAI's or Azure OpenAI's Responses API whose answers run in the background, at the provider: a worker
 * that is lost in the middle of one costs nothing, since the next reads it on. No token is paid for twice and nothing
 * that was shown is withdrawn. A cancelled run stops its response at the provider too.
 *
 * What it costs: the provider keeps the answer for a while (`store: true`, not fit for zero data retention), its first
 * token takes longer, and a worker lost between making a response and storing its id leaves one that nobody reads.
 * Tools are the agent's own; the provider's built-in ones are not offered.
 *
 * @throws TypeError when the model has no name or the base URL is none.
 * @example createOpenAiBackgroundAgent({ model: "gpt-5", apiKey: process.env.OPENAI_API_KEY })
 */
export function createOpenAiBackgroundAgent(options: OpenAiBackgroundOptions): ModelAgent {
  const { apiKey, headers = {}, fetch, description, ...settings } = options;
  const baseUrl = (options.baseUrl ?? OPENAI_URL).replace(/\/+$/, "");
  requireOptions(options.model, baseUrl);
  const api = async (): Promise<BackgroundResponses> => {
    const { createBackgroundResponses } = await import("./background-responses.ts");
    return createBackgroundResponses({
      baseUrl,
      headers: async () => ({ ...(await authorization(apiKey)), ...headers }),
      fetch,
    });
  };
  return {
    description: description ?? `${options.model} at ${new URL(baseUrl).host} (background responses)`,
    stream: (step, { signal }) => iterableOnDemand(async () => (await api()).stream(step, settings, signal)),
    responses: {
      resume: (id, _step, { signal }) => iterableOnDemand(async () => (await api()).resume(id, signal)),
      cancel: async (id, { signal }) => (await api()).cancel(id, signal),
    },
  };
}

async function authorization(apiKey: OpenAiBackgroundOptions["apiKey"]): Promise<Record<string, string>> {
  if (apiKey === undefined) return {};
  const key = typeof apiKey === "string" ? apiKey : await apiKey();
  return { authorization: `Bearer ${key}` };
}

function requireOptions(model: string, baseUrl: string): void {
  if (model === "") throw new TypeError('Name the model, or its deployment, as in { model: "gpt-5" }.');
  if (!/^https?:$/.test(URL.parse(baseUrl)?.protocol ?? "")) {
    throw new TypeError(`baseUrl is ${JSON.stringify(baseUrl)}: pass a URL such as ${OPENAI_URL}.`);
  }
}
