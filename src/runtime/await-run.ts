import type { ConversationId, RunRecord } from "../core/index.ts";
import { openReading } from "./open-reading.ts";
import type { Reading } from "./open-reading.ts";
import { recordOfRun } from "./run-status.ts";
import type { Runtime } from "./runtime.ts";

/** Waits for a run to end and gives its record; undefined when the signal aborts first. */
export async function awaitRun(
  runtime: Runtime,
  id: ConversationId,
  run: number,
  signal: AbortSignal,
): Promise<RunRecord | undefined> {
  const ended = await recordOfRun(runtime, id, run);
  if (ended) return ended;
  const reading = await openReading(runtime, { id, run });
  if (reading.kind === "entries" && !(await comesToItsEnd(reading, signal))) return undefined;
  return recordOfRun(runtime, id, run);
}

/** False when the signal aborted the reading: by then the store may have been closed, and is not asked again. */
function comesToItsEnd(
  { read }: Extract<Reading, { kind: "entries" }>,
  signal: AbortSignal,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const reader = read({
      take({ ended }) {
        if (ended) settle(() => resolve(true));
        return true;
      },
      fail: (error) => settle(() => (signal.aborted ? resolve(false) : reject(error))),
    });
    const stop = (): void => settle(() => resolve(false));
    function settle(act: () => void): void {
      signal.removeEventListener("abort", stop);
      reader.stop();
      act();
    }
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}
