import type { ConversationId, RunRecord } from "../core/index.ts";
import { openReading } from "./open-reading.ts";
import type { ReadEntry } from "./open-reading.ts";
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
  const reading = await openReading(runtime, { id, run }, signal);
  if (reading.kind === "entries" && !(await comesToItsEnd(reading.entries))) return undefined;
  return recordOfRun(runtime, id, run);
}

/** False when the signal aborted the reading: by then the store may have been closed, and is not asked again. */
async function comesToItsEnd(readings: AsyncIterable<readonly ReadEntry[]>): Promise<boolean> {
  for await (const entries of readings) {
    if (entries.at(-1)?.last) return true;
  }
  return false;
}
