import type { LanguageModelV4 } from "@ai-sdk/provider";
import type { ModelAgent } from "../../ports/index.ts";
import type { ModelSettings } from "./call-from-step.ts";
import { iterableOnDemand } from "./iterable-on-demand.ts";
import { withProviderDefaults } from "./provider-defaults.ts";

export interface AiSdkAgentOptions extends ModelSettings {
  /** What people see in the start banner and in traces. Default: the model's provider and id. */
  readonly description?: string;
  /**
   * Whether the model goes on from an assistant message that stands last, as some of Anthropic's, Mistral's and local
   * models do. Used to go on from an answer that a crash broke off; without it the model is asked to, in words.
   * Default false: models that cannot do it refuse the call.
   */
  readonly prefill?: boolean;
}

/**
 * Any language model of the Vercel AI SDK (specification "v4") as a model agent: one step is one call of `doStream`.
 *
 * Failures become `AgentError`s with a `model_…` code, `retryable` and, where the provider said so, `retryAfterMs`.
 * Nothing is retried in here: the runtime does that, since it alone can withdraw what was already streamed. A stream
 * that ends without its `finish` counts as cut (`model_unavailable`). An abort throws the signal's reason at once and
 * cancels the model's stream.
 *
 * OpenAI's and Azure's Responses API is asked not to store answers unless `providerOptions` say otherwise: Holdfast
 * keeps the history itself, whole, and must not depend on a copy that the provider deletes after 30 days.
 *
 * @throws TypeError when the model is a mere name or of an older specification.
 * @example createAiSdkAgent(openai("gpt-5-mini"), { temperature: 0.2 })
 */
export function createAiSdkAgent(model: LanguageModelV4, options: AiSdkAgentOptions = {}): ModelAgent {
  requireSpecificationV4(model);
  const { description = `${model.modelId} (${model.provider})`, prefill = false, ...settings } = options;
  const callSettings = withProviderDefaults(model.provider, settings);
  return {
    description,
    stream: (step, { signal }) =>
      iterableOnDemand(async () => {
        const { streamStep } = await import("./stream-step.ts");
        return streamStep(model, step, { settings: callSettings, prefill, signal });
      }),
  };
}

function requireSpecificationV4(model: unknown): void {
  if (typeof model === "string") {
    throw new TypeError(
      `"${model}" is the name of a model: pass the model itself, such as openai("${model}") of @ai-sdk/openai.`,
    );
  }
  if (typeof model !== "object" || model === null || !("specificationVersion" in model)) {
    throw new TypeError(
      'The model is no language model of the AI SDK: pass one, such as openai("gpt-5-mini") of @ai-sdk/openai.',
    );
  }
  if (model.specificationVersion !== "v4") {
    throw new TypeError(
      `The model has version ${JSON.stringify(model.specificationVersion)} of the AI SDK's specification and ` +
        'Holdfast needs "v4": upgrade its provider package (@ai-sdk/openai and @ai-sdk/azure: 4 or newer).',
    );
  }
}
