import { compareCursors, parseCursor } from "../../src/core/index.ts";

/** An entry of the log as it goes over the wire. */
export interface LogEntry {
  readonly cursor: string;
  readonly type: string;
  readonly run: number;
  readonly delta?: string;
  readonly from?: string;
}

/** The text of a log, as docs/protocols.md tells readers of entries to put it together. */
export function textOfEntries(entries: readonly LogEntry[]): string {
  let text: LogEntry[] = [];
  for (const entry of entries) {
    if (entry.type === "text-delta") text.push(entry);
    if (entry.type === "step-reset") text = text.filter(({ cursor }) => isBefore(cursor, entry.from ?? ""));
  }
  return text.map(({ delta }) => delta).join("");
}

function isBefore(cursor: string, other: string): boolean {
  return compareCursors(parseCursor(cursor), parseCursor(other)) < 0;
}
