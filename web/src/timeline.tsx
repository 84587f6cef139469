import type { ReactNode } from "react";
import type { RunTimeline, TimelineRow } from "./run-timeline.ts";

const STATES: Record<TimelineRow["state"], string> = {
  done: "",
  open: "under way",
  failed: "did not succeed",
  void: "withdrawn",
};

const IS_MOMENT: Record<TimelineRow["kind"], boolean> = {
  attempt: true,
  step: false,
  tool: false,
  wait: false,
  reset: true,
  end: true,
};

/** What happened when: a bar for what lasted, a mark for what was a moment. */
export function Timeline({ timeline }: { readonly timeline: RunTimeline }): ReactNode {
  return (
    <section aria-label="Timeline">
      <h3>Timeline</h3>
      <ol className="timeline">
        {timeline.rows.map((row) => (
          <Row key={row.key} row={row} timeline={timeline} />
        ))}
      </ol>
    </section>
  );
}

function Row({
  row: { kind, label, from, to, state, cursor },
  timeline: { startedAt, until },
}: {
  readonly row: TimelineRow;
  readonly timeline: RunTimeline;
}): ReactNode {
  const span = Math.max(1, until - startedAt);
  const left = ((from - startedAt) / span) * 100;
  const width = (((to ?? until) - from) / span) * 100;
  return (
    <li data-kind={kind} data-state={state}>
      <span className="label" title={`Begins with entry ${cursor}`}>
        {label}
      </span>
      <span className="duration">
        {IS_MOMENT[kind] ? `at ${duration(from - startedAt)}` : duration((to ?? until) - from)}
        {STATES[state] !== "" && `, ${STATES[state]}`}
      </span>
      <span className="track" aria-hidden="true">
        <span className="bar" style={{ left: `min(${left}%, 100% - 3px)`, width: `${width}%` }} />
      </span>
    </li>
  );
}

function duration(milliseconds: number): string {
  return milliseconds < 1_000 ? `${milliseconds} ms` : `${(milliseconds / 1_000).toFixed(2)} s`;
}
