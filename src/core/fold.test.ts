import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cursorAt } from "./cursor.ts";
import type { EventBody, LogEvent } from "./event.ts";
import { cursorOf } from "./event.ts";
import { foldRun, lastingMessages, NOTHING_LOGGED, textOf } from "./fold.ts";
import { nextStep } from "./next-step.ts";
import type { RunPolicy } from "./next-step.ts";
import { NO_USAGE } from "./usage.ts";

const POLICY: RunPolicy = {
  maxSteps: 5,
  maxTokens: 1_000,
  runTimeoutMs: 60_000,
  onInterrupted: "restart",
  reattaches: true,
  maxAttemptsWithoutProgress: 3,
  needsApproval: () => false,
  mayRepeat: () => false,
};

const callId = fc.constantFrom("a", "b");
const step = fc.integer({ min: 1, max: 3 });
const toolCall = { type: "tool-call" as const, toolCallId: "a", toolName: "t", input: {} };

/** Any event at all, in any order: more disorder than a log ever holds. */
const body: fc.Arbitrary<EventBody> = fc.oneof(
  fc.record({
    type: fc.constant("attempt-start" as const),
    worker: fc.string(),
    follows: fc.constant(cursorAt(0, 0)),
  }),
  fc.record({
    type: fc.constant("run-start" as const),
    id: fc.string(),
    agent: fc.string(),
    input: fc.string(),
    acceptedAt: fc.nat(),
    options: fc.constant({}),
  }),
  fc.record({
    type: fc.constant("step-start" as const),
    step,
    kind: fc.constantFrom("model" as const, "tools" as const),
  }),
  fc.record({
    type: fc.constant("text-delta" as const),
    step,
    id: fc.string(),
    delta: fc.string(),
    sequence: fc.nat(),
  }),
  fc.record({ type: fc.constant("provider-response" as const), step, responseId: fc.string() }),
  fc.record({ type: fc.constant("provider-response-lost" as const), step }),
  fc.record({
    type: fc.constant("tool-call" as const),
    step,
    callId,
    name: fc.string(),
    input: fc.constant({}),
  }),
  fc.record({
    type: fc.constant("tool-result" as const),
    step,
    callId,
    name: fc.string(),
    output: fc.constant({ type: "text" as const, value: "x" }),
  }),
  fc.record({
    type: fc.constant("approval-request" as const),
    step,
    approvalId: fc.string(),
    callId,
    name: fc.string(),
    input: fc.constant(null),
  }),
  fc.record({
    type: fc.constant("approval-response" as const),
    step,
    approvalId: fc.string(),
    callId,
    approved: fc.boolean(),
  }),
  fc.record({
    type: fc.constant("step-end" as const),
    step,
    message: fc.constantFrom(
      { role: "assistant" as const, content: [{ type: "text" as const, text: "said" }] },
      { role: "assistant" as const, content: [toolCall] },
      { role: "tool" as const, content: [] },
    ),
  }),
  fc.record({
    type: fc.constant("step-reset" as const),
    step,
    from: fc.constant(cursorAt(1, 0)),
    reason: fc.constant("retry" as const),
  }),
  fc.constant({ type: "run-completed" as const, usage: NO_USAGE }),
);

const log: fc.Arbitrary<readonly LogEvent[]> = fc
  .array(body, { maxLength: 40 })
  .map((bodies) =>
    bodies.map((each, seq): LogEvent => ({ v: 1, attempt: 1, seq, at: seq, run: 1, ...each })),
  );

describe("the fold of a log", () => {
  test("never throws, and always leaves something to decide, whatever the prefix", () => {
    fc.assert(
      fc.property(log, fc.nat(), (events, cut) => {
        const state = foldRun(events.slice(0, cut % (events.length + 1)));
        expect(nextStep(state, [], POLICY, 0).kind).toBeTypeOf("string");
        expect(lastingMessages(state)).toBeInstanceOf(Array);
      }),
    );
  });

  test("is the same however the log was split into reads", () => {
    fc.assert(
      fc.property(log, fc.nat(), (events, cut) => {
        const at = cut % (events.length + 1);
        expect(foldRun(events.slice(at), foldRun(events.slice(0, at)))).toEqual(foldRun(events));
      }),
    );
  });

  test("knows the newest entry", () => {
    fc.assert(
      fc.property(log, (events) => {
        const last = events.at(-1);
        expect(foldRun(events).tip).toBe(last ? cursorOf(last) : NOTHING_LOGGED.tip);
      }),
    );
  });

  test("has the text of a log in which steps are withdrawn as if they had never been", () => {
    const chunk = fc.string({ minLength: 1 });
    const attempts = fc.array(fc.record({ chunks: fc.array(chunk), withdrawn: fc.boolean() }), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(attempts, (steps) => {
        const bodies = steps.flatMap(({ chunks, withdrawn }, index): EventBody[] => [
          { type: "step-start", step: index + 1, kind: "model" },
          ...chunks.map((delta): EventBody => ({
            type: "text-delta",
            step: index + 1,
            id: "t",
            delta,
            sequence: 0,
          })),
          withdrawn
            ? { type: "step-reset", step: index + 1, from: cursorAt(1, 0), reason: "interrupted" }
            : { type: "step-end", step: index + 1, message: { role: "assistant", content: [] } },
        ]);
        const events = bodies.map((each, seq): LogEvent => ({
          v: 1,
          attempt: 1,
          seq,
          at: 0,
          run: 1,
          ...each,
        }));
        const expected = steps.flatMap(({ chunks, withdrawn }) => (withdrawn ? [] : chunks)).join("");
        expect(textOf(foldRun(events))).toBe(expected);
      }),
    );
  });
});

describe("a step that runs at its provider", () => {
  const bodies: readonly EventBody[] = [
    { type: "step-start", step: 1, kind: "model" },
    { type: "provider-response", step: 1, responseId: "resp" },
    { type: "reasoning-start", step: 1, id: "0" },
    { type: "text-start", step: 1, id: "0" },
    { type: "text-delta", step: 1, id: "0", delta: "\n\n", sequence: 0, separator: true },
    { type: "text-delta", step: 1, id: "0", delta: "Half ", sequence: 1 },
    { type: "text-delta", step: 1, id: "0", delta: "a text", sequence: 2 },
    { type: "tool-input-start", step: 1, callId: "c", name: "t" },
    { type: "tool-input-delta", step: 1, callId: "c", delta: '{"a":' },
    { type: "data", step: 1, name: "progress", value: 1 },
  ];
  const logOf = (more: readonly EventBody[]): readonly LogEvent[] =>
    [...bodies, ...more].map((each, seq): LogEvent => ({ v: 1, attempt: 1, seq, at: 0, run: 1, ...each }));

  test("tells what of its response is logged, without what sets parts apart", () => {
    expect(foldRun(logOf([])).open?.response).toEqual({
      responseId: "resp",
      logged: {
        "reasoning-start 0": "",
        "text-start 0": "",
        "text-delta 0": "Half a text",
        "tool-input-start c": "",
        "tool-input-delta c": '{"a":',
      },
      loggedData: 1,
    });
  });

  test("forgets a response that is lost, and keeps the step open", () => {
    const { open } = foldRun(logOf([{ type: "provider-response-lost", step: 1 }]));
    expect(open).toMatchObject({ step: 1, text: "\n\nHalf a text" });
    expect(open?.response).toBeUndefined();
  });
});

describe("what a run leaves to the conversation", () => {
  test("holds no tool call that nobody answered", () => {
    fc.assert(
      fc.property(log, (events) => {
        const messages = lastingMessages(foldRun(events));
        messages.forEach((message, index) => {
          const calls =
            message.role === "assistant" && message.content.some((part) => part.type === "tool-call");
          if (calls) expect(messages[index + 1]?.role).toBe("tool");
        });
      }),
    );
  });
});
