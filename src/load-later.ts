import type { Logger } from "./ports/index.ts";

/** How long after its start a server loads what it did not need for that, in milliseconds: its first requests come first. */
export const LOAD_LATER_MS = 1000;

/**
 * Loads what is left, part by part, a while from now, so that no later request has to wait for a part, and none finds
 * files that an upgrade has replaced by then. A part that cannot be loaded is logged, and tried again by who needs it.
 */
export function loadLater(parts: readonly (() => Promise<unknown>)[], logger: Logger): { stop(): void } {
  let stopped = false;
  async function load(): Promise<void> {
    for (const part of parts) {
      if (stopped) return;
      await part().catch((error: unknown) => logger.error({ error }, "could not load a part of the server"));
    }
  }
  const timer = setTimeout(() => void load(), LOAD_LATER_MS);
  // Where timers are plain numbers they hold up no process.
  if (typeof timer === "object") timer.unref();
  return {
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
