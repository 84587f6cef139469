import type { ConversationId } from "../core/index.ts";
import type { UnfinishedConversation } from "../ports/index.ts";
import { pause } from "./back-off.ts";
import { loadRun } from "./load-run.ts";
import { parkedRun } from "./parked-run.ts";
import type { ParkedRun } from "./parked-run.ts";
import type { Runtime } from "./runtime.ts";
import { wake } from "./start-run.ts";

/** How often the sweeper looks for conversations that a crash left behind, in milliseconds. */
export const SWEEP_INTERVAL_MS = 15_000;
/** How long a conversation must have been untouched for the sweeper to take it up, in milliseconds. */
export const UNTOUCHED_MS = 30_000;
/** Of how many runs that wait for a person the sweeper remembers it; the others are looked at each time. */
export const MAX_PARKED_REMEMBERED = 100_000;

export interface Sweeper {
  stop(): Promise<void>;
}

/**
 * Finds every conversation that a crash left unfinished: all at once at the start, and those that nobody has touched
 * for a while ever after (L10). Waking one that is being driven does no harm. Those that wait for a person are not woken
 * but for the moment at which the waiting ends, and are looked at once, however many there are and however long they
 * wait: whatever could bring such a run on touches its conversation.
 */
export function startSweeper(runtime: Runtime): Sweeper {
  const abort = new AbortController();
  const sweep = createSweep(runtime, abort.signal);
  const sweeping = (async () => {
    await sweep(0);
    while (!abort.signal.aborted) {
      await pause(SWEEP_INTERVAL_MS, abort.signal);
      if (!abort.signal.aborted) await sweep(UNTOUCHED_MS);
    }
  })();
  return {
    async stop() {
      abort.abort();
      await sweeping;
    },
  };
}

/** A run that was found waiting for a person, and what would show that this is over. */
interface Remembered extends ParkedRun {
  readonly updatedAt: number;
}

/**
 * Gives what takes up everything that was untouched for so many milliseconds; one call after the other. Once the signal
 * has aborted it leaves the rest to others: a stop must not wait for all there is.
 */
export function createSweep(
  runtime: Runtime,
  signal: AbortSignal,
): (untouchedForMs: number) => Promise<void> {
  let parked = new Map<ConversationId, Remembered>();

  function remembered({ id, updatedAt }: UnfinishedConversation): Remembered | undefined {
    const known = parked.get(id);
    const isOver = known?.updatedAt !== updatedAt || (known.until ?? Infinity) <= runtime.now();
    return isOver ? undefined : known;
  }

  async function takeUp({ id, updatedAt }: UnfinishedConversation): Promise<Remembered | undefined> {
    const wait = await lookAt(id);
    if (!wait) await wake(runtime, id);
    else if (wait.until !== undefined) await wake(runtime, id, wait.until);
    // What was touched just now may be touched again in the same millisecond, and look as if it was not.
    return wait && runtime.now() - updatedAt >= UNTOUCHED_MS ? { ...wait, updatedAt } : undefined;
  }

  async function lookAt(id: ConversationId): Promise<ParkedRun | undefined> {
    try {
      return parkedRun(runtime, await loadRun(runtime.store, id));
    } catch (error) {
      // Whoever drives it finds the same, and deals with it; the other conversations must not wait for that.
      runtime.logger.warn({ conversation: id, error }, "could not look at an unfinished conversation");
      return undefined;
    }
  }

  return async (untouchedForMs) => {
    const still: typeof parked = new Map();
    try {
      for await (const conversation of runtime.store.unfinished(untouchedForMs)) {
        if (signal.aborted) break;
        const wait = remembered(conversation) ?? (await takeUp(conversation));
        if (wait && still.size < MAX_PARKED_REMEMBERED) still.set(conversation.id, wait);
      }
    } catch (error) {
      runtime.logger.error({ error }, "could not look for unfinished conversations; trying again later");
    }
    parked = still;
  };
}
