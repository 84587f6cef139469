import type { ConversationId, RunRecord } from "../core/index.ts";
import { openReading } from "./open-reading.ts";
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
  if (reading.kind === "entries") {
    for await (const entries of reading.entries) {
      if (entries.at(-1)?.last) break;
    }
  }
  return recordOfRun(runtime, id, run);
}
