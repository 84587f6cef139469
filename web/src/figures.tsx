import { useEffect, useState } from "react";
import type { ReactNode } from "react";
import type { Figures as FigureValues } from "./metrics.ts";
import { repeating } from "./retrying.ts";
import { fetchFigures } from "./server.ts";

const REFRESH_MS = 2_000;

/** What the server has done since it started, where it keeps metrics. */
export function Figures(): ReactNode {
  const [figures, setFigures] = useState<FigureValues>();
  useEffect(
    () => repeating(async (signal) => setFigures(await fetchFigures(signal)), { againMs: REFRESH_MS }),
    [],
  );
  if (!figures) return null;
  return (
    <section className="figures" aria-label="This server, since its start">
      <dl>
        <div>
          <dt>runs</dt>
          <dd>{figures.runs.toLocaleString()}</dd>
        </div>
        <div>
          <dt>viewers now</dt>
          <dd>{figures.viewers.toLocaleString()}</dd>
        </div>
        <div>
          <dt>append, median</dt>
          <dd>{latency(figures.appendMedianMs)}</dd>
        </div>
        <div>
          <dt>append, p99</dt>
          <dd>{latency(figures.appendP99Ms)}</dd>
        </div>
      </dl>
    </section>
  );
}

function latency(milliseconds: number | undefined): string {
  if (milliseconds === undefined) return "–";
  return `${milliseconds.toLocaleString(undefined, { maximumSignificantDigits: 2 })} ms`;
}
