import { expect, test } from "vitest";
import { cursorAt } from "../../src/core/index.ts";
import type { EventBody, LogEvent } from "../../src/core/index.ts";
import { breachesOf } from "./check-laws.ts";
import type { Evidence } from "./check-laws.ts";
import type { FollowingReader } from "./following-reader.ts";
import type { UpstreamCall } from "./upstream.ts";

/** A check that sees nothing passes everything: each law is broken here once, and must be found out. */

const USAGE = { inputTokens: 1, outputTokens: 1 };

test("a conversation that keeps every law has no breach", () => {
  expect(breachesOf(evidence())).toEqual([]);
});

test.each<readonly [string, (good: Evidence) => Evidence]>([
  ["L3: a hole", (good) => ({ ...good, stored: good.stored.filter((event) => event.seq !== 5) })],
  [
    "L3: 2-0 attempt-start begins",
    (good) => ({ ...good, stored: good.stored.filter(({ seq, attempt }) => attempt !== 1 || seq < 4) }),
  ],
  [
    "L5: run 1 has 2 ends",
    (good) => ({ ...good, stored: [...good.stored, event(2, 8, { type: "run-completed", usage: USAGE })] }),
  ],
  [
    "L7: run 1: the history",
    (good) => ({ ...good, history: good.history.map((run) => ({ ...run, text: "other" })) }),
  ],
  ["L7: SSE has", (good) => ({ ...good, readers: [reader({ text: "lost hello" })] })],
  [
    "L7: text has",
    (good) => ({ ...good, readers: [reader({ name: "text", format: "text/plain", text: "hello" })] }),
  ],
  ["L2: SSE was shown 9-9", (good) => ({ ...good, readers: [reader({ events: [shown("9-9", "hello")] })] })],
  ["L3: 2-4 is", (good) => ({ ...good, readers: [reader({ events: [shown("2-4", "holla")] })] })],
  ["L6: SSE was never shown", (good) => ({ ...good, readers: [reader({ everything: true })] })],
  ["L6: repeated", (good) => ({ ...good, readers: [reader({ breaches: ["L6: repeated"] })] })],
  [
    "L8: 2-7 ends",
    (good) => ({
      ...good,
      stored: good.stored.flatMap<LogEvent>((each) =>
        each.type === "step-end" ? [each, { ...each, seq: each.seq + 1 }] : [each],
      ),
    }),
  ],
  [
    "L8: model id:1 was called again",
    (good) => ({ ...good, calls: [...good.calls, call({ at: 90, worker: 2 })] }),
  ],
  ["L8: charge id:2:c", (good) => ({ ...good, calls: [tool(1), tool(2)] })],
  [
    "L9: 2-8 of run 3",
    (good) => ({
      ...good,
      stored: [
        ...good.stored,
        { ...event(2, 8, { type: "attempt-start", worker: "", follows: cursorAt(2, 7) }), run: 3 },
      ],
    }),
  ],
  ["L9: run 1 is id", (good) => ({ ...good, accepted: ["another"] })],
  ["L10: run 2", (good) => ({ ...good, accepted: ["id", "lost"] })],
])("finds out %s", (breach, spoil) => {
  expect(breachesOf(spoil(evidence())).join("\n")).toContain(breach);
});

test("a call by a process that had lost the conversation without knowing is no breach", () => {
  const good = evidence();
  expect(breachesOf({ ...good, calls: [...good.calls, call({ at: 90, worker: 1 })] })).toEqual([]);
});

/** One run: its first worker is killed in the middle of its text, the second begins the step again. */
function evidence(): Evidence {
  const stored = [
    event(1, 0, { type: "attempt-start", worker: "host:1:x", follows: cursorAt(0, 0) }),
    event(1, 1, { type: "run-start", id: "id", agent: "A", input: "hi", acceptedAt: 1, options: {} }),
    event(1, 2, { type: "step-start", step: 1, kind: "model" }),
    event(1, 3, { type: "text-start", step: 1, id: "t" }),
    event(1, 4, { type: "text-delta", step: 1, id: "t", delta: "lost ", sequence: 0 }),
    event(2, 0, { type: "attempt-start", worker: "host:2:y", follows: cursorAt(1, 4) }),
    event(2, 1, { type: "step-reset", step: 1, from: cursorAt(1, 2), reason: "interrupted" }),
    event(2, 2, { type: "step-start", step: 1, kind: "model" }),
    event(2, 3, { type: "text-start", step: 1, id: "t" }),
    event(2, 4, { type: "text-delta", step: 1, id: "t", delta: "hello", sequence: 1 }),
    event(2, 5, { type: "text-end", step: 1, id: "t" }),
    event(2, 6, {
      type: "step-end",
      step: 1,
      message: { role: "assistant", content: [{ type: "text", text: "hello" }] },
    }),
    event(2, 7, { type: "run-completed", usage: USAGE }),
  ];
  return {
    conversation: "c",
    accepted: ["id"],
    stored,
    history: [{ run: 1, id: "id", status: "completed", text: "hello", error: undefined }],
    readers: [
      reader({ events: [shown("2-4", "hello")] }),
      reader({ name: "text", format: "text/plain", text: "hello\n" }),
      reader({
        name: "cut text",
        format: "text/plain",
        text: "lost \n[The answer was interrupted; this part of it begins again:]\nhello\n",
      }),
    ],
    calls: [call({ at: 12, worker: 1 }), call({ at: 22, worker: 2 })],
  };
}

function event(attempt: number, seq: number, body: EventBody): LogEvent {
  return { v: 1, attempt, seq, at: attempt * 10 + seq, run: 1, ...body };
}

function shown(cursor: string, data: string): FollowingReader["events"][number] {
  return { cursor, event: "message", data, at: 1 };
}

function reader(change: Partial<FollowingReader>): FollowingReader {
  return {
    name: "SSE",
    format: "text/event-stream",
    everything: false,
    events: [],
    text: "hello",
    journal: [],
    breaches: [],
    connections: 1,
    resets: 0,
    ended: Promise.resolve(),
    cut: () => {},
    close: () => {},
    ...change,
  };
}

function call(change: { readonly at: number; readonly worker: number }): UpstreamCall {
  return { ...PLACE, kind: "model", step: 1, turn: 0, messages: [], idempotencyKey: "id:1", ...change };
}

function tool(count: number): UpstreamCall {
  return {
    ...PLACE,
    kind: "tool",
    tool: "charge",
    callId: "c",
    idempotencyKey: "id:2:c",
    worker: 1,
    at: 1,
    count,
  };
}

const PLACE = { conversation: "c", runId: "id", run: 1, count: 1, state: "finished" } as const;
