import type { AgentUpdate, ModelStep } from "../../ports/index.ts";
import { errorFromAiSdk } from "../ai-sdk/ai-sdk-error.ts";
import { readResponse } from "./read-response.ts";
import { requestFromStep } from "./request-from-step.ts";
import type { ResponseSettings } from "./request-from-step.ts";
import { createResponsesApi } from "./responses-api.ts";
import type { ResponsesApiOptions } from "./responses-api.ts";

/** Responses that run at the provider, as steps of an agent. */
export interface BackgroundResponses {
  stream(step: ModelStep, settings: ResponseSettings, signal: AbortSignal): AsyncIterable<AgentUpdate>;
  resume(responseId: string, signal: AbortSignal): AsyncIterable<AgentUpdate>;
  /** Stops a response that still runs; one that has ended, or is not known, is left as it is. */
  cancel(responseId: string, signal: AbortSignal): Promise<void>;
}

export function createBackgroundResponses(options: ResponsesApiOptions): BackgroundResponses {
  const api = createResponsesApi(options);
  return {
    stream: (step, settings, signal) =>
      readResponse(api, { request: requestFromStep(step, settings) }, signal),
    resume: (id, signal) => readResponse(api, { id }, signal),
    async cancel(responseId, signal) {
      try {
        await api.cancel(responseId, signal);
      } catch (error) {
        const known = errorFromAiSdk(error);
        // Refused: it has ended, or is known no more, and there is nothing left to stop.
        if (known.code !== "model_failed" || known.details["status"] === undefined) throw known;
      }
    },
  };
}
