import { compareCursors, cursorOf } from "../core/index.ts";
import type { Cursor, LogEvent, VoidedRange } from "../core/index.ts";
import { encodeSseEvent, encodeSseRetry, SSE_END, SSE_HEARTBEAT } from "../protocol/index.ts";
import { formatProjectedCursor } from "./projected-cursor.ts";
import type { ProjectedCursor } from "./projected-cursor.ts";
import type { Projection } from "./projection.ts";
import type { DescribedRun, Frame, Reduced, RunProjection } from "./run-projection.ts";
import { RECONNECT_MS } from "./sse.ts";

export interface ProjectRunOptions {
  readonly run: DescribedRun;
  /** The newest frame that the reader has; absent: none. */
  readonly seen?: ProjectedCursor | undefined;
  /** The parts of the run that were withdrawn before the reader came, in order. */
  readonly voided: readonly VoidedRange[];
  /** Show also what was withdrawn before the reader came to it. Default false (L7). */
  readonly withdrawn?: boolean | undefined;
  /** Goes before every index in the events' ids, for clients that resume by the id alone. Default empty. */
  readonly idPrefix?: string | undefined;
  /** Begin with an event of no data whose id says that nothing was seen yet: a cut before the first frame can be resumed. */
  readonly primed?: boolean | undefined;
}

/**
 * One reader's stream of a run in one protocol, as server-sent events whose ids are the frames' indexes. It has to be
 * given every entry of the run, withdrawn ones too, in order, from the first.
 */
export function projectRun<State>(
  projection: RunProjection<State>,
  { run, seen, voided, withdrawn = false, idPrefix = "", primed = false }: ProjectRunOptions,
): Projection {
  const opening = projection.start(run);
  // Indexes count what was written; a reader who is spared a part is told another story.
  let written = opening.state;
  let shown = opening.state;
  let index = 0;
  let skipped: readonly number[] = [];
  /** The next withdrawn part, and where the one that is being left out ends. */
  let part = 0;
  let leavingOut: Cursor | undefined;

  function frame(event: LogEvent): string {
    const whole = projection.reduce(written, event);
    const view = viewOf(event, whole);
    const text = encode(view.frames);
    written = whole.state;
    shown = view.state;
    index += whole.frames.length;
    return text;
  }

  function viewOf(event: LogEvent, whole: Reduced<State>): Reduced<State> {
    if (isLeftOut(cursorOf(event))) return { state: shown, frames: [] };
    return skipped.length === 0 ? whole : projection.reduce(shown, event);
  }

  /** Whether the reader is spared an entry: all of a withdrawn part, and the reset by which it was. */
  function isLeftOut(cursor: Cursor): boolean {
    if (leavingOut === undefined) {
      const range = voided[part];
      if (!range || compareCursors(cursor, range.from) < 0) return false;
      if (isSpared(part)) {
        leavingOut = range.reset;
        skipped = [...skipped, part];
      }
      part += 1;
    }
    if (leavingOut === undefined) return false;
    if (cursor === leavingOut) leavingOut = undefined;
    return true;
  }

  function isSpared(ordinal: number): boolean {
    if (seen?.skipped.includes(ordinal)) return true;
    // Nobody who was shown some of it can be spared the rest: it has to be told what was withdrawn.
    return !withdrawn && (seen === undefined || index > seen.index);
  }

  function encode(frames: readonly Frame[]): string {
    let text = "";
    for (const [offset, { event, data }] of frames.entries()) {
      const at = index + offset;
      if (seen && at <= seen.index) continue;
      text += encodeSseEvent({
        id: idPrefix + formatProjectedCursor({ index: at, skipped }),
        ...(event !== undefined && { event }),
        data: JSON.stringify(projection.numbered?.(data, at) ?? data),
      });
    }
    return text;
  }

  const priming = primed ? encodeSseEvent({ id: idPrefix, data: "" }) : "";
  const first = priming + encode(opening.frames);
  index = opening.frames.length;
  return {
    name: projection.name,
    contentType: "text/event-stream",
    prologue: encodeSseRetry(RECONNECT_MS),
    ...(first !== "" && { opening: first }),
    perReader: true,
    frame,
    heartbeat: SSE_HEARTBEAT,
    end: `${projection.epilogue ?? ""}${SSE_END}`,
  };
}

/** The frames of a run's entries with their indexes in them, for whoever wants them without a stream. */
export function framesOfRun<State>(
  projection: RunProjection<State>,
  run: DescribedRun,
  events: Iterable<LogEvent>,
): readonly Frame[] {
  let { state, frames } = projection.start(run);
  const all = [...frames];
  for (const event of events) {
    ({ state, frames } = projection.reduce(state, event));
    all.push(...frames);
  }
  return all.map((frame, at) => ({ ...frame, data: projection.numbered?.(frame.data, at) ?? frame.data }));
}
