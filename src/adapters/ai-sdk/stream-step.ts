import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4StreamPart,
} from "@ai-sdk/provider";
import { AgentError } from "../../core/index.ts";
import type { AgentUpdate, ModelStep } from "../../ports/index.ts";
import { errorFromAiSdk } from "./ai-sdk-error.ts";
import { callFromStep } from "./call-from-step.ts";
import type { ModelSettings } from "./call-from-step.ts";
import { createPartTranslator } from "./part-translator.ts";
import { readParts } from "./read-parts.ts";
import { untilAborted } from "./until-aborted.ts";

export interface StreamStepOptions {
  readonly settings: ModelSettings;
  readonly prefill: boolean;
  readonly signal: AbortSignal;
}

/** One step as one call of the model's `doStream`, with its failures as `AgentError`s. */
export async function* streamStep(
  model: LanguageModelV4,
  step: ModelStep,
  { settings, prefill, signal }: StreamStepOptions,
): AsyncGenerator<AgentUpdate> {
  try {
    const stream = await openStream(model, callFromStep(step, settings, signal, prefill), signal);
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
