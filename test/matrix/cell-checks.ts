import type { LogEvent } from "../../src/core/index.ts";
import type { Evidence } from "../support/check-laws.ts";
import type { UpstreamCall } from "../support/upstream.ts";
import type { Interruption } from "./faults.ts";
import type { Phase, PhaseName } from "./phases.ts";

/** What must be true of a phase besides the laws, given whether the fault broke off what was under way. */
export function breachesOfPhase(
  phase: Phase,
  interruption: Interruption,
  evidence: Evidence,
): readonly string[] {
  return [
    ...finishedBefore(evidence),
    ...evidence.history.flatMap(({ run, status }) =>
      status === "completed" ? [] : [`run ${run} is ${status}, not completed`],
    ),
    ...CHECKS[phase.name](evidence, interruption),
  ];
}

type Check = (evidence: Evidence, interruption: Interruption) => readonly string[];

const CHECKS: Record<PhaseName, Check> = {
  queued: modelStep,
  "mid-model-stream": modelStep,
  "mid-tool": toolCalls,
  parked: (evidence) => [
    ...times("the model was asked before the tool that waits for a person", modelCalls(evidence, 1), 1),
    ...times("the tool that waited for a person was called", toolCallsOf(evidence, "asked"), 1),
  ],
  // Whether the fault came before or after the end is chance; the laws hold either way.
  ending: () => [],
};

/** Steps 1 and 2 were over before the fault. */
function finishedBefore(evidence: Evidence): readonly string[] {
  return [
    ...times("step 1 was asked for", modelCalls(evidence, 0), 1),
    ...times("the tool of step 2 was called", toolCallsOf(evidence, "first"), 1),
  ];
}

function modelStep(evidence: Evidence, interruption: Interruption): readonly string[] {
  if (interruption === "maybe") return [];
  const interrupted = interruption === "always";
  const resets = evidence.stored.filter((event) => event.type === "step-reset").length;
  const shownResets = evidence.readers
    .filter((reader) => reader.format !== "text/plain" && !reader.name.startsWith("late"))
    .map((reader) => reader.resets);
  return [
    ...times("step 3 was asked for", modelCalls(evidence, 1), interrupted ? 2 : 1),
    ...(resets === (interrupted ? 1 : 0) ? [] : [`the log has ${resets} resets`]),
    ...shownResets.flatMap((shown) =>
      shown === resets ? [] : [`a reader was shown ${shown} resets of ${resets}`],
    ),
  ];
}

function toolCalls(evidence: Evidence, interruption: Interruption): readonly string[] {
  const outcome = evidence.stored.find((event) => isOutcomeOf(event, "never"));
  const told = evidence.calls.some(
    (call) => call.kind === "model" && JSON.stringify(call.messages).includes(UNKNOWN),
  );
  const isInterrupted = outcome?.type === "tool-error" && outcome.reason === "interrupted";
  const common = times("the tool that may not be repeated was called", toolCallsOf(evidence, "never"), 1);
  if (isInterrupted !== told)
    return [...common, `the model was ${told ? "" : "not "}told that the outcome is unknown`];
  if (interruption === "maybe") return common;
  const interrupted = interruption === "always";
  return [
    ...common,
    ...times("the tool that may be repeated was called", toolCallsOf(evidence, "safe"), interrupted ? 2 : 1),
    ...(isInterrupted === interrupted ? [] : [`the outcome of the other is ${JSON.stringify(outcome)}`]),
  ];
}

const UNKNOWN = "outcome is unknown";

function isOutcomeOf(event: LogEvent, callId: string): boolean {
  return (event.type === "tool-result" || event.type === "tool-error") && event.callId === callId;
}

function modelCalls({ calls }: Evidence, turn: number): readonly UpstreamCall[] {
  return calls.filter((call) => call.kind === "model" && call.run === 1 && call.turn === turn);
}

function toolCallsOf({ calls }: Evidence, callId: string): readonly UpstreamCall[] {
  return calls.filter((call) => call.kind === "tool" && call.run === 1 && call.callId === callId);
}

function times(what: string, calls: readonly UpstreamCall[], expected: number): readonly string[] {
  return calls.length === expected ? [] : [`${what} ${calls.length} times, not ${expected}`];
}
