import { describe, expect, test, vi } from "vitest";
import { foldRun, NO_USAGE, NOTHING_LOGGED } from "../core/index.ts";
import type { EventBody, LogEvent } from "../core/index.ts";
import { NO_METRICS } from "../ports/index.ts";
import { DEFAULT_LIMITS } from "./agent.ts";
import type { Agent } from "./agent.ts";
import { createRunMeter, isRecovery } from "./run-metrics.ts";

const AGENT: Agent = {
  name: "Planner",
  description: undefined,
  instructions: "",
  onInterrupted: "restart",
  model: { description: "none", stream: async function* () {} },
  tools: { weather: { inputSchema: {} as never, execute: () => "" } },
  limits: DEFAULT_LIMITS,
  callbacks: {},
};

const ATTEMPT: EventBody = { type: "attempt-start", worker: "w", follows: "0-0" as never };
const RUN: EventBody = {
  type: "run-start",
  id: "r",
  agent: "Planner",
  input: "",
  acceptedAt: 900,
  options: {},
};
const MODEL_STEP: EventBody = { type: "step-start", step: 1, kind: "model" };

/** Entries of one attempt, a hundred milliseconds apart. */
function log(attempt: number, ...bodies: readonly EventBody[]): readonly LogEvent[] {
  return bodies.map((body, seq) => ({ v: 1, attempt, seq, at: 1000 + seq * 100, run: 1, ...body }));
}

describe("a run's meter", () => {
  test("measures a run from its acceptance, a model step from its start, a tool from its call", () => {
    const runEnded = vi.fn();
    const modelStepEnded = vi.fn();
    const toolCallEnded = vi.fn();
    const meter = createRunMeter(
      { ...NO_METRICS, runEnded, modelStepEnded, toolCallEnded },
      AGENT,
      NOTHING_LOGGED,
    );
    const text = { type: "text", value: "" } as const;
    meter.count(
      log(
        1,
        ATTEMPT,
        RUN,
        MODEL_STEP,
        { type: "step-end", step: 1, message: { role: "assistant", content: [] } },
        { type: "step-start", step: 2, kind: "tools" },
        { type: "tool-call", step: 2, callId: "a", name: "weather", input: {} },
        { type: "tool-error", step: 2, callId: "b", name: "invented", reason: "unknown-tool", message: "" },
        { type: "tool-result", step: 2, callId: "a", name: "weather", output: text },
        { type: "step-end", step: 2, message: { role: "tool", content: [] } },
        { type: "run-completed", usage: NO_USAGE },
      ),
    );
    expect(runEnded.mock.calls).toEqual([[{ agent: "Planner", status: "completed", durationMs: 1000 }]]);
    expect(modelStepEnded.mock.calls).toEqual([[{ agent: "Planner", durationMs: 100 }]]);
    expect(toolCallEnded.mock.calls).toEqual([
      [{ agent: "Planner", tool: "other", outcome: "unknown-tool", durationMs: undefined }],
      [{ agent: "Planner", tool: "weather", outcome: "succeeded", durationMs: 200 }],
    ]);
  });

  test("measures a run that it took over from when it was accepted", () => {
    const runEnded = vi.fn();
    const before = foldRun(log(1, ATTEMPT, RUN, MODEL_STEP));
    const meter = createRunMeter({ ...NO_METRICS, runEnded }, AGENT, before);
    meter.count(log(2, { type: "run-cancelled", usage: NO_USAGE }));
    expect(runEnded.mock.calls).toEqual([[{ agent: "Planner", status: "cancelled", durationMs: 100 }]]);
  });

  test("counts each step that is withdrawn, by its reason", () => {
    const stepReset = vi.fn();
    const meter = createRunMeter({ ...NO_METRICS, stepReset }, AGENT, NOTHING_LOGGED);
    meter.count(log(2, { type: "step-reset", step: 1, from: "1-2" as never, reason: "interrupted" }));
    expect(stepReset.mock.calls).toEqual([[{ agent: "Planner", reason: "interrupted" }]]);
  });
});

describe("taking over a run", () => {
  const begun = foldRun(log(1, ATTEMPT, RUN, MODEL_STEP));

  test("is a recovery when another attempt left it in the middle", () => {
    expect(isRecovery(foldRun(log(2, ATTEMPT), begun))).toBe(true);
  });

  test("is none for the attempt that began it, nor for a run that has not begun", () => {
    expect(isRecovery(begun)).toBe(false);
    expect(isRecovery(foldRun([...log(1, ATTEMPT), ...log(2, ATTEMPT)]))).toBe(false);
  });

  test("is none when the run only waited for a person", () => {
    const asked = foldRun(
      log(
        1,
        ATTEMPT,
        RUN,
        { type: "step-start", step: 1, kind: "tools" },
        { type: "approval-request", step: 1, approvalId: "1:1:a", callId: "a", name: "weather", input: {} },
      ),
    );
    expect(isRecovery(foldRun(log(2, ATTEMPT), asked))).toBe(false);
  });
});
