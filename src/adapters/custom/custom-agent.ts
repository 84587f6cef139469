import type { AgentUpdate, ModelAgent, ModelStep, ModelStepOptions } from "../../ports/index.ts";
import { CustomStream } from "./custom-stream.ts";

/** Answers one step: text piece by piece, updates, or both mixed. */
export type CustomRun = (step: ModelStep, options: ModelStepOptions) => AsyncIterable<string | AgentUpdate>;

export interface CustomAgentOptions {
  /** What people see in the start banner and in traces. Default "custom". */
  readonly description?: string;
}

/**
 * A model agent out of any async iterable. Strings become a part of text; missing `text-start`, `text-end`,
 * `reasoning-start`, `reasoning-end` and `finish` are filled in, and what comes after a `finish` is not read.
 *
 * What `run` throws is passed on: throw an `AgentError` with a `model_…` code to say what failed and whether trying
 * again may help. An abort throws the signal's reason at once; `run` gets the signal to stop its own work by.
 *
 * @example createCustomAgent(async function* (step) { yield "You said: "; yield lastWords(step.messages); })
 */
export function createCustomAgent(run: CustomRun, options: CustomAgentOptions = {}): ModelAgent {
  return {
    description: options.description ?? "custom",
    stream: (step, stepOptions) => new CustomStream(() => run(step, stepOptions), stepOptions.signal),
  };
}
