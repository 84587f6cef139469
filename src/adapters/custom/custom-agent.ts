import type { AgentUpdate, ModelAgent, ModelStep, ModelStepOptions } from "../../ports/index.ts";
import { createAbortableWaits } from "../ai-sdk/until-aborted.ts";
import { createUpdateCompleter } from "./update-completer.ts";

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
    async *stream(step, stepOptions) {
      stepOptions.signal.throwIfAborted();
      const completer = createUpdateCompleter();
      for await (const item of untilAbortedEach(run(step, stepOptions), stepOptions.signal)) {
        // One by one: delegating to the array would cost each token three turns of promises more.
        for (const update of completer.take(item)) yield update;
        if (typeof item !== "string" && item.type === "finish") return;
      }
      for (const update of completer.end()) yield update;
    },
  };
}

async function* untilAbortedEach<Item>(
  items: AsyncIterable<Item>,
  signal: AbortSignal,
): AsyncGenerator<Item, void, undefined> {
  const iterator = items[Symbol.asyncIterator]();
  const waits = createAbortableWaits(signal);
  let ended = false;
  try {
    for (;;) {
      const next = await waits.for(iterator.next());
      if (next.done === true) {
        ended = true;
        return;
      }
      yield next.value;
    }
  } catch (error) {
    ended = !signal.aborted;
    throw error;
  } finally {
    waits.end();
    // Not awaited: an iterator that pays no attention to the signal must not hold up a cancelled run.
    if (!ended) iterator.return?.().then(undefined, () => {}); // Nobody is there to be told of it.
  }
}
