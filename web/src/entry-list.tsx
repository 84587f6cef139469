import { useState } from "react";
import type { ReactNode } from "react";
import type { TimelineEntry } from "./run-timeline.ts";

/** Every entry as it is stored. Entries of one type that follow each other fold into one line. */
export function EntryList({ entries }: { readonly entries: readonly TimelineEntry[] }): ReactNode {
  return (
    <section aria-label="Entries">
      <h3>
        Entries <span className="faint">{entries.length.toLocaleString()}</span>
      </h3>
      <ol className="entries">
        {groupsOf(entries).map((group) => (
          <li key={group[0]?.cursor}>
            <Group group={group} />
          </li>
        ))}
      </ol>
    </section>
  );
}

type EntryGroup = readonly TimelineEntry[];

/** A group is rendered when it is opened: there are thousands of entries in a long answer. */
function Group({ group }: { readonly group: EntryGroup }): ReactNode {
  const [isOpen, setOpen] = useState(false);
  const [first] = group;
  const last = group.at(-1);
  if (!first || !last) return null;
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <span className="number">{first.cursor}</span>
        {last !== first && <span className="number"> … {last.cursor}</span>} <code>{first.event.type}</code>
        {last !== first && <span className="faint"> × {group.length}</span>}
      </summary>
      {isOpen && (
        <pre role="group" aria-label={`Entries from ${first.cursor}`} tabIndex={0}>
          {group.map(({ event }) => JSON.stringify(event)).join("\n")}
        </pre>
      )}
    </details>
  );
}

function groupsOf(entries: readonly TimelineEntry[]): readonly EntryGroup[] {
  const groups: TimelineEntry[][] = [];
  for (const entry of entries) {
    const group = groups.at(-1);
    if (group?.[0]?.event.type === entry.event.type) group.push(entry);
    else groups.push([entry]);
  }
  return groups;
}
