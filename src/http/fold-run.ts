import { cursorOf } from "../core/index.ts";
import type { Cursor } from "../core/index.ts";
import type { RunProjection } from "../projections/index.ts";
import { runEntries } from "../runtime/index.ts";
import type { RunDescription, Runtime } from "../runtime/index.ts";

/** How a run stands, as a projection tells it, and the newest entry that it tells of; undefined before the first. */
export interface FoldedRun<State> {
  readonly state: State;
  readonly tip: Cursor | undefined;
}

/** Throws `conversation_not_found`, and `stream_expired` once the run's entries are gone. */
export async function foldRun<State>(
  runtime: Runtime,
  projection: RunProjection<State>,
  run: RunDescription,
): Promise<FoldedRun<State>> {
  let { state } = projection.start(run);
  let tip: Cursor | undefined;
  for await (const event of runEntries(runtime, run.conversation, run.run)) {
    ({ state } = projection.reduce(state, event));
    tip = cursorOf(event);
  }
  return { state, tip };
}
