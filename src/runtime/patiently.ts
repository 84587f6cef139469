import { AgentError } from "../core/index.ts";
import { backOffMs, pause } from "./back-off.ts";

/** For how long a reader's question to the store is asked again while the store is away, in milliseconds. */
export const READ_PATIENCE_MS = 30_000;

const READ_BACK_OFF = { firstMs: 50, limitMs: 2_000 };

/**
 * Asks the store, and asks again for a while when it is away: a reader outlives a hiccup, and is told of an outage.
 * Rejects at once with every other refusal, and when the signal aborts.
 */
export async function patiently<Answer>(ask: () => Promise<Answer>, signal: AbortSignal): Promise<Answer> {
  const deadline = performance.now() + READ_PATIENCE_MS;
  for (let tries = 1; ; tries++) {
    try {
      return await ask();
    } catch (cause) {
      const error = AgentError.from(cause);
      if (error.code !== "store_unavailable" || !error.retryable) throw error;
      if (signal.aborted || performance.now() > deadline) throw error;
      await pause(backOffMs(READ_BACK_OFF, tries), signal);
      signal.throwIfAborted();
    }
  }
}
