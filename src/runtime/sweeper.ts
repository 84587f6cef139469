import type { Runtime } from "./runtime.ts";
import { pause } from "./back-off.ts";
import { wake } from "./start-run.ts";

/** How often the sweeper looks for conversations that a crash left behind, in milliseconds. */
export const SWEEP_INTERVAL_MS = 15_000;
/** How long a conversation must have been untouched for the sweeper to take it up, in milliseconds. */
export const UNTOUCHED_MS = 30_000;

export interface Sweeper {
  stop(): Promise<void>;
}

/**
 * Finds every conversation that a crash left unfinished: all at once at the start, and those that nobody has touched
 * for a while ever after (L10). Waking one that is being driven does no harm.
 */
export function startSweeper(runtime: Runtime): Sweeper {
  const abort = new AbortController();
  const sweeping = (async () => {
    await sweep(runtime, 0);
    while (!abort.signal.aborted) {
      await pause(SWEEP_INTERVAL_MS, abort.signal);
      if (!abort.signal.aborted) await sweep(runtime, UNTOUCHED_MS);
    }
  })();
  return {
    async stop() {
      abort.abort();
      await sweeping;
    },
  };
}

async function sweep(runtime: Runtime, untouchedForMs: number): Promise<void> {
  try {
    for await (const id of runtime.store.unfinished(untouchedForMs)) await wake(runtime, id);
  } catch (error) {
    runtime.logger.error({ error }, "could not look for unfinished conversations; trying again later");
  }
}
