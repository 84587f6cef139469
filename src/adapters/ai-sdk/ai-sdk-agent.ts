import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4StreamPart,
} from "@ai-sdk/provider";
import { AgentError } from "../../core/index.ts";
import type { ModelAgent } from "../../ports/index.ts";
import { errorFromAiSdk } from "./ai-sdk-error.ts";
import { callFromStep } from "./call-from-step.ts";
import type { ModelSettings } from "./call-from-step.ts";
import { createPartTranslator } from "./part-translator.ts";
import { withProviderDefaults } from "./provider-defaults.ts";
import { readParts } from "./read-parts.ts";
import { untilAborted } from "./until-aborted.ts";

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
    async *stream(step, { signal }) {
      try {
        const stream = await openStream(model, callFromStep(step, callSettings, signal, prefill), signal);
        const updatesFromPart = createPartTranslator();
        for await (const part of readParts(stream, signal)) {
          // One by one: delegating to the array would cost each token three turns of promises more.
          for (const update of updatesFromPart(part)) yield update;
          if (part.type === "finish") return;
        }
        throw new AgentError("model_unavailable", "The model's answer was cut off before its end.");
      } catch (error) {
        // What an abort broke off is no failure of the model, whatever its provider throws.
        signal.throwIfAborted();
        throw errorFromAiSdk(error);
      }
    },
  };
}

async function openStream(
  model: LanguageModelV4,
  call: LanguageModelV4CallOptions,
  signal: AbortSignal,
): Promise<ReadableStream<LanguageModelV4StreamPart>> {
  signal.throwIfAborted();
  const opening = model.doStream(call);
  try {
    return (await untilAborted(opening, signal)).stream;
  } catch (error) {
    // A model that takes no notice of the signal may still open its stream, which nobody would read.
    opening.then(
      ({ stream }) => void stream.cancel(error).catch(() => {}), // Its failure concerns no one any more.
      () => {}, // Thrown below already.
    );
    throw error;
  }
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
