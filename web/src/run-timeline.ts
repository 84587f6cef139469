import type { FollowUpdate } from "holdfast/client";

type LogEvent = FollowUpdate["event"];

/** What happened in a run and when, as its log tells it. Times are the server's, in milliseconds since 1970. */
export interface RunTimeline {
  readonly startedAt: number;
  /** The newest entry's time. */
  readonly until: number;
  readonly rows: readonly TimelineRow[];
}

export interface TimelineRow {
  readonly key: string;
  readonly kind: "attempt" | "step" | "tool" | "wait" | "reset" | "end";
  readonly label: string;
  readonly from: number;
  /** Undefined while it lasts; the same as `from` for a moment. */
  readonly to: number | undefined;
  /** `void`: a crash or a failure withdrew it. */
  readonly state: "done" | "open" | "failed" | "void";
  readonly cursor: string;
}

/** An entry with its place. */
export type TimelineEntry = Pick<FollowUpdate, "event" | "cursor">;

export function timelineOf(entries: readonly TimelineEntry[]): RunTimeline | undefined {
  const [first] = entries;
  const last = entries.at(-1);
  if (!first || !last) return undefined;
  const rows: TimelineRow[] = [];
  let attempt = 0;
  for (const { event, cursor } of entries) {
    // Not by its first entry: that may be among those that were withdrawn, which late readers are not shown.
    if (event.attempt !== attempt) {
      ({ attempt } = event);
      rows.push(moment("attempt", `Attempt ${attempt}`, event.at, cursor));
    }
    takeEntry(rows, event, cursor);
  }
  return { startedAt: first.event.at, until: last.event.at, rows };
}

function takeEntry(rows: TimelineRow[], event: LogEvent, cursor: string): void {
  const { at } = event;
  switch (event.type) {
    case "step-start":
      rows.push(
        open(
          "step",
          `step:${event.step}`,
          `Step ${event.step}: ${event.kind === "model" ? "model" : "tools"}`,
          at,
          cursor,
        ),
      );
      break;
    case "tool-call":
      rows.push(open("tool", `tool:${event.callId}`, event.name, at, cursor));
      break;
    case "approval-request":
      rows.push(open("wait", `wait:${event.callId}`, `${event.name}: waits for a person`, at, cursor));
      break;
    case "approval-response":
      close(rows, `wait:${event.callId}`, at, event.approved ? "done" : "failed");
      break;
    case "tool-result":
      close(rows, `tool:${event.callId}`, at, "done");
      break;
    case "tool-error":
      close(rows, `tool:${event.callId}`, at, "failed");
      break;
    case "step-end":
      close(rows, `step:${event.step}`, at, "done");
      break;
    case "step-reset":
      // Whatever was under way then is void: nobody will end it.
      for (const [index, row] of rows.entries()) {
        if (row.to === undefined) rows[index] = { ...row, to: at, state: "void" };
      }
      rows.push(moment("reset", `Step ${event.step} withdrawn: ${event.reason}`, at, cursor));
      break;
    case "run-completed":
    case "run-failed":
    case "run-cancelled":
    case "run-incomplete":
      for (const [index, row] of rows.entries()) {
        if (row.to === undefined) rows[index] = { ...row, to: at, state: "failed" };
      }
      rows.push(moment("end", ENDINGS[event.type], at, cursor));
      break;
    // What steps are made of; the raw entries show it.
    case "run-start":
    case "attempt-start":
    case "attempt-end":
    case "provider-response":
    case "provider-response-lost":
    case "text-start":
    case "text-delta":
    case "text-end":
    case "reasoning-start":
    case "reasoning-delta":
    case "reasoning-end":
    case "tool-input-start":
    case "tool-input-delta":
    case "data":
      break;
  }
}

const ENDINGS = {
  "run-completed": "Completed",
  "run-failed": "Failed",
  "run-cancelled": "Stopped",
  "run-incomplete": "Stopped short",
} as const;

function moment(kind: TimelineRow["kind"], label: string, at: number, cursor: string): TimelineRow {
  return { key: `${kind}@${cursor}`, kind, label, from: at, to: at, state: "done", cursor };
}

function open(
  kind: TimelineRow["kind"],
  name: string,
  label: string,
  at: number,
  cursor: string,
): TimelineRow {
  return { key: `${name}@${cursor}`, kind, label, from: at, to: undefined, state: "open", cursor };
}

/** Ends the newest row of a name that is still open: names come again in another attempt. */
function close(rows: TimelineRow[], name: string, at: number, state: TimelineRow["state"]): void {
  const index = rows.findLastIndex((row) => row.to === undefined && row.key.startsWith(`${name}@`));
  const row = rows[index];
  if (row) rows[index] = { ...row, to: at, state };
}
