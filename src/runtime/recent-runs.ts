import type { Conversation } from "../core/index.ts";
import { loadRun } from "./load-run.ts";
import type { Runtime } from "./runtime.ts";

/** A run by what it was accepted as. */
export interface RecentRun {
  readonly run: number;
  /** Its public id. */
  readonly id: string;
  readonly acceptedAt: number;
}

/** How many of the runs that have ended are looked at. */
const ENDED_RUNS = 32;

/** The runs that a conversation accepted last, the newest first: all that have not ended, and some that have. */
export async function recentRuns(
  runtime: Runtime,
  { id, runs, inbox }: Conversation,
): Promise<readonly RecentRun[]> {
  const waiting = inbox.flatMap((item) =>
    item.kind === "run" ? [{ run: item.run, id: item.id, acceptedAt: item.at }] : [],
  );
  const { start } = (await loadRun(runtime.store, id)).state;
  const ended = await runtime.store.history(id, { from: Math.max(1, runs - ENDED_RUNS + 1) });
  const known = new Map<number, RecentRun>();
  for (const { run, id: runId, acceptedAt } of [...waiting, ...(start ? [start] : []), ...ended]) {
    known.set(run, { run, id: runId, acceptedAt });
  }
  return [...known.values()].toSorted((a, b) => b.run - a.run);
}
