import { useEffect, useId, useRef, useState } from "react";
import type { ReactNode } from "react";
import { EntryList } from "./entry-list.tsx";
import { timelineOf } from "./run-timeline.ts";
import { Timeline } from "./timeline.tsx";
import { useEntries } from "./use-entries.ts";

interface InspectorProps {
  readonly conversationId: string;
  readonly latestRun: number | undefined;
  readonly onClose: () => void;
}

/** What a run did, as its log has it: attempts, steps, tools, what was withdrawn, and every entry. */
export function Inspector({ conversationId, latestRun, onClose }: InspectorProps): ReactNode {
  const [chosen, setChosen] = useState<number>();
  const run = chosen ?? latestRun;
  const { entries, refusal } = useEntries(conversationId, run);
  const timeline = timelineOf(entries);
  const heading = useId();
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus(), []);

  return (
    <aside
      className="inspector"
      aria-labelledby={heading}
      onKeyDown={(event) => {
        if (event.key === "Escape") onClose();
      }}
    >
      <header>
        <h2 id={heading} ref={title} tabIndex={-1}>
          Run {run ?? "–"}
        </h2>
        {latestRun !== undefined && latestRun > 1 && (
          <RunSelect run={run} latestRun={latestRun} onChoose={setChosen} />
        )}
        <button type="button" className="quiet" onClick={onClose}>
          Close
        </button>
      </header>
      <div className="inspector-body" role="region" aria-label="Log of the run" tabIndex={0}>
        {refusal !== undefined && <p className="faint">{refusal}</p>}
        {timeline && <Timeline timeline={timeline} />}
        {entries.length > 0 && <EntryList entries={entries} />}
      </div>
    </aside>
  );
}

function RunSelect({
  run,
  latestRun,
  onChoose,
}: {
  readonly run: number | undefined;
  readonly latestRun: number;
  readonly onChoose: (run: number) => void;
}): ReactNode {
  return (
    <label>
      <span className="visually-hidden">Which run</span>
      <select value={run} onChange={(event) => onChoose(Number(event.target.value))}>
        {Array.from({ length: latestRun }, (_, index) => (
          <option key={index} value={index + 1}>
            Run {index + 1}
          </option>
        ))}
      </select>
    </label>
  );
}
