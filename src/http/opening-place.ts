import { compareCursors, cursorOf, parseCursor } from "../core/index.ts";
import type { LogEvent } from "../core/index.ts";
import type { OpenableProjection, OpeningPlace } from "../projections/index.ts";
import type { RunDescription } from "../runtime/index.ts";

const BEGINNING: OpeningPlace = { at: undefined, resumed: false };

/** Where a stream began, out of its address. Throws `invalid_cursor`. */
export function openingPlaceIn({ searchParams }: URL): OpeningPlace {
  const at = searchParams.get("at");
  return at === null ? BEGINNING : { at: parseCursor(at), resumed: searchParams.get("resumed") === "true" };
}

/** The same as parameters of the stream's address. */
export function openingPlaceQuery({ at, resumed }: OpeningPlace): Readonly<Record<string, string>> {
  return at === undefined ? {} : { at, ...(resumed && { resumed: "true" }) };
}

/**
 * Given the entries of a run in order, whether one makes it the client's turn: from then on the run waits for people. With
 * `alreadyParked`, that counts also for a run that waits where the stream begins.
 */
export function untilParked<State>(
  projection: OpenableProjection<State>,
  run: RunDescription,
  place: OpeningPlace,
  alreadyParked: "ends" | "goes-on",
): (event: LogEvent) => boolean {
  let { state } = projection.start(run);
  let isOver = false;
  return (event) => {
    const before = state;
    ({ state } = projection.reduce(before, event));
    const parked = projection.isParked(state);
    const order = place.at === undefined ? 1 : compareCursors(cursorOf(event), place.at);
    const parksNow = parked && !projection.isParked(before);
    isOver ||=
      (order > 0 && parksNow) || (order === 0 && parked && alreadyParked === "ends" && !place.resumed);
    return isOver;
  };
}
