import type { Cursor, LogEvent } from "../../core/index.ts";
import { beginRun, takeRunEvent } from "./run-view.ts";
import type { RunView } from "./run-view.ts";

/**
 * What was said in a conversation, and up to where it was read: one value, so that neither is ever ahead of the other.
 * Plain JSON, to be kept over a reload.
 */
export interface Transcript {
  /** The newest entry taken; absent before the first. */
  readonly cursor?: Cursor;
  /** In order; only the last can be open. */
  readonly runs: readonly RunView[];
}

export const NOTHING_SAID: Transcript = { runs: [] };

/** How many runs are shown: of a longer conversation, the newest. */
export const MAX_RUNS_SHOWN = 500;

/** The transcript after one more entry. Each entry must come once and in order, as a following gives them. */
export function takeEvent({ runs }: Transcript, cursor: Cursor, event: LogEvent): Transcript {
  const last = runs.at(-1);
  if (event.type === "run-start" && event.run > (last?.run ?? 0)) {
    return { cursor, runs: [...runs, beginRun(event.run, event.input)].slice(-MAX_RUNS_SHOWN) };
  }
  // Of runs that the history told already, the log may tell again.
  if (!last || last.run !== event.run || !isOpen(last)) return { cursor, runs };
  const next = takeRunEvent(last, event);
  return { cursor, runs: next === last ? runs : [...runs.slice(0, -1), next] };
}

/** The run under way; undefined when all have ended. */
export function openRun({ runs }: Transcript): RunView | undefined {
  const last = runs.at(-1);
  return last && isOpen(last) ? last : undefined;
}

export function latestRun({ runs }: Transcript): number {
  return runs.at(-1)?.run ?? 0;
}

function isOpen({ outcome }: RunView): boolean {
  return outcome.state === "streaming" || outcome.state === "waiting-for-approval";
}
