import { describe, expect, test } from "vitest";
import { timelineOf } from "../../web/src/run-timeline.ts";
import type { TimelineEntry } from "../../web/src/run-timeline.ts";

type LogEvent = TimelineEntry["event"];

/** Entries 100 ms apart. */
function entriesOf(bodies: readonly Record<string, unknown>[]): readonly TimelineEntry[] {
  return bodies.map((body, seq) => {
    const event = { v: 1, attempt: 1, seq, at: seq * 100, run: 1, ...body } as unknown as LogEvent;
    return { event, cursor: `${event.attempt}-${seq}` };
  });
}

function rowsOf(bodies: readonly Record<string, unknown>[]) {
  return timelineOf(entriesOf(bodies))?.rows.map(({ label, from, to, state }) => [label, from, to, state]);
}

describe("the timeline of a run", () => {
  test("tells how long steps and tools took, and how it ended", () => {
    const rows = rowsOf([
      { type: "attempt-start" },
      { type: "step-start", step: 1, kind: "tools" },
      { type: "tool-call", step: 1, callId: "a", name: "weather" },
      { type: "tool-result", step: 1, callId: "a", name: "weather" },
      { type: "step-end", step: 1 },
      { type: "run-completed" },
    ]);
    expect(rows).toEqual([
      ["Attempt 1", 0, 0, "done"],
      ["Step 1: tools", 100, 400, "done"],
      ["weather", 200, 300, "done"],
      ["Completed", 500, 500, "done"],
    ]);
  });

  test("tells what was withdrawn, and which attempt began it again", () => {
    const rows = rowsOf([
      { type: "step-start", step: 1, kind: "model" },
      { type: "text-delta", step: 1 },
      { type: "step-reset", step: 1, attempt: 2, reason: "interrupted" },
      { type: "step-start", step: 1, attempt: 2, kind: "model" },
    ]);
    expect(rows).toEqual([
      ["Attempt 1", 0, 0, "done"],
      ["Step 1: model", 0, 200, "void"],
      ["Attempt 2", 200, 200, "done"],
      ["Step 1 withdrawn: interrupted", 200, 200, "done"],
      ["Step 1: model", 300, undefined, "open"],
    ]);
  });

  test("tells how long a person was waited for", () => {
    const rows = rowsOf([
      { type: "approval-request", step: 1, callId: "a", name: "refund" },
      { type: "approval-response", step: 1, callId: "a", approved: false },
      { type: "tool-error", step: 1, callId: "a", name: "refund" },
    ]);
    expect(rows).toContainEqual(["refund: waits for a person", 0, 100, "failed"]);
  });

  test("nothing is under way any more when the run has ended", () => {
    const rows = rowsOf([{ type: "step-start", step: 1, kind: "model" }, { type: "run-cancelled" }]);
    expect(rows).toContainEqual(["Step 1: model", 0, 100, "failed"]);
  });

  test("there is none before the first entry", () => {
    expect(timelineOf([])).toBeUndefined();
  });
});
