import { useEffect, useState } from "react";
import type { ReactNode } from "react";
import { curvesOf } from "./curves.ts";
import type { Curves } from "./curves.ts";
import type { Recording } from "./recording.ts";

const WIDTH = 600;
const HEIGHT = 64;

/** How often the picture moves on while nothing arrives, in milliseconds. */
const TICK_MS = 200;

/** Text over time: as the server stored it, and as this page showed it. Between the two lies what a cut held back. */
export function CurvesPicture({
  recording,
  isPulled,
}: {
  readonly recording: Recording | undefined;
  readonly isPulled: boolean;
}): ReactNode {
  const isRunning = recording !== undefined && recording.endedAt === undefined;
  const now = useNow(isRunning);
  const curves = recording && curvesOf(recording, now);
  if (!curves) return null;
  return (
    <figure className="curves">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={describe(recording, isPulled)}
      >
        {curves.gaps.map(({ from, to }) => (
          <rect
            key={from}
            className="gap"
            x={from * WIDTH}
            y={0}
            width={(to - from) * WIDTH}
            height={HEIGHT}
          />
        ))}
        <path className="missed" d={areaBetween(curves)} />
        <path className="stored" d={pathOf(curves.stored)} />
        <path className="shown" d={pathOf(curves.shown)} />
      </svg>
      <figcaption aria-hidden="true">
        <span className="key-stored">stored</span>
        <span className="key-shown">shown here</span>
        <span className="span">{seconds(curves.spanMs)}</span>
      </figcaption>
    </figure>
  );
}

function useNow(isRunning: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!isRunning) return undefined;
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, [isRunning]);
  return now;
}

function describe({ cuts, arrivals }: Recording, isPulled: boolean): string {
  const characters = arrivals.at(-1)?.length ?? 0;
  const cut = cuts.length === 1 ? "one cut" : `${cuts.length} cuts`;
  return `${characters} characters shown, ${cut}${isPulled ? ", unplugged now" : ""}.`;
}

function pathOf(points: Curves["stored"]): string {
  return points.map(({ x, y }, index) => `${index === 0 ? "M" : "L"}${place(x, y)}`).join("");
}

/** Forth along what was stored, back along what was shown. */
function areaBetween({ stored, shown }: Curves): string {
  return `${pathOf([...stored, ...shown.toReversed()])}Z`;
}

function place(x: number, y: number): string {
  return `${(x * WIDTH).toFixed(1)} ${((1 - y) * (HEIGHT - 4) + 2).toFixed(1)}`;
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
