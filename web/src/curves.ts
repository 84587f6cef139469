import type { Arrival, Recording } from "./recording.ts";

/** A point of a picture, both from 0 to 1, the origin at the bottom left. */
interface Point {
  readonly x: number;
  readonly y: number;
}

/** A run as two curves of text over time: what the server had stored, and what was shown here. */
export interface Curves {
  readonly stored: readonly Point[];
  readonly shown: readonly Point[];
  /** From where to where there was no connection. */
  readonly gaps: readonly { readonly from: number; readonly to: number }[];
  /** From the first entry to now, in milliseconds. */
  readonly spanMs: number;
}

/** A picture that is shorter than this would show noise. */
const MIN_SPAN_MS = 2_000;

export function curvesOf({ arrivals, cuts, endedAt }: Recording, now: number): Curves | undefined {
  const [first] = arrivals;
  const last = arrivals.at(-1);
  if (!first || !last) return undefined;
  const ahead = clockOffset(arrivals);
  const begin = Math.min(first.storedAt + ahead, first.arrivedAt);
  const end = Math.max(begin + MIN_SPAN_MS, endedAt ?? now);
  const most = Math.max(1, ...arrivals.map(({ length }) => length));
  const x = (time: number): number => Math.min(1, Math.max(0, (time - begin) / (end - begin)));
  const y = (length: number): number => length / most;
  const shown = steps(arrivals.map((arrival) => ({ x: x(arrival.arrivedAt), y: y(arrival.length) })));
  return {
    stored: steps(arrivals.map((arrival) => ({ x: x(arrival.storedAt + ahead), y: y(arrival.length) }))),
    // Without a connection nothing comes: the curve stays where it is.
    shown: [...shown, { x: x(endedAt ?? now), y: y(last.length) }],
    gaps: cuts.map(({ at, back }) => ({ from: x(at), to: x(back ?? endedAt ?? now) })),
    spanMs: end - begin,
  };
}

/** How much our clock is ahead of the server's: the entry that came fastest took no time worth drawing. */
function clockOffset(arrivals: readonly Arrival[]): number {
  return arrivals.reduce((least, { arrivedAt, storedAt }) => Math.min(least, arrivedAt - storedAt), Infinity);
}

/** Text is there at once or not at all: right, then up. */
function steps(points: readonly Point[]): readonly Point[] {
  return points.flatMap((point, index) => {
    const before = points[index - 1];
    return before ? [{ x: point.x, y: before.y }, point] : [{ x: point.x, y: 0 }, point];
  });
}

/** What came back with the newest connection: the text that was stored while there was none. */
export function caughtUp({ arrivals, cuts }: Recording): number | undefined {
  const cut = cuts.at(-1);
  if (cut?.back === undefined) return undefined;
  const { back } = cut;
  const ahead = clockOffset(arrivals);
  const before = arrivals.findLast(({ arrivedAt }) => arrivedAt <= cut.at)?.length ?? 0;
  const missed = arrivals.findLast(
    ({ arrivedAt, storedAt }) => arrivedAt >= back && storedAt + ahead <= back,
  );
  return missed ? Math.max(0, missed.length - before) : 0;
}

/** How late the first entry may be, in milliseconds, for a page that was there from the beginning. */
const LATE_MS = 1_000;

/** How much text was stored when this page began to read; 0 when it was there from the beginning. */
export function storedBefore({ arrivals }: Recording): number {
  const [first] = arrivals;
  const ahead = clockOffset(arrivals);
  if (!first || first.arrivedAt - (first.storedAt + ahead) < LATE_MS) return 0;
  return arrivals.findLast(({ storedAt }) => storedAt + ahead <= first.arrivedAt)?.length ?? 0;
}
