import { isRunEnd } from "../core/index.ts";
import type { LogEvent, RunState } from "../core/index.ts";
import type { Metrics } from "../ports/index.ts";
import type { Agent } from "./agent.ts";
import { ENDED_STATUS } from "./end-run.ts";

/** Counts what a worker has stored of one run; fed with entries after they are stored. */
export interface RunMeter {
  count(events: readonly LogEvent[]): void;
}

/** What the metrics call a tool that the agent does not have: models make up names. */
const OTHER_TOOL = "other";

/**
 * Measures a run by its own log, which has every beginning, every end and their times. `state` is the run as the
 * attempt found it.
 */
export function createRunMeter(metrics: Metrics, agent: Agent, state: RunState): RunMeter {
  let acceptedAt = state.start?.acceptedAt;
  let stepAt = state.open?.at;
  const callsAt = new Map<string, number>();

  function toolCallEnded(event: Extract<LogEvent, { type: "tool-result" | "tool-error" }>): void {
    const began = callsAt.get(event.callId);
    callsAt.delete(event.callId);
    metrics.toolCallEnded({
      agent: agent.name,
      tool: Object.hasOwn(agent.tools, event.name) ? event.name : OTHER_TOOL,
      outcome: event.type === "tool-result" ? "succeeded" : event.reason,
      durationMs: began === undefined ? undefined : event.at - began,
    });
  }

  function count(event: LogEvent): void {
    // Most of what is stored by far, and nothing to measure.
    if (event.type === "text-delta" || event.type === "reasoning-delta") return;
    if (event.type === "run-start") acceptedAt = event.acceptedAt;
    if (event.type === "step-start") stepAt = event.at;
    if (event.type === "tool-call") callsAt.set(event.callId, event.at);
    if (event.type === "tool-result" || event.type === "tool-error") toolCallEnded(event);
    if (event.type === "step-reset") metrics.stepReset({ agent: agent.name, reason: event.reason });
    if (event.type === "step-end" && event.message.role === "assistant") {
      metrics.modelStepEnded({ agent: agent.name, durationMs: event.at - (stepAt ?? event.at) });
    }
    if (isRunEnd(event)) {
      const durationMs = event.at - (acceptedAt ?? event.at);
      metrics.runEnded({ agent: agent.name, status: ENDED_STATUS[event.type], durationMs });
    }
  }

  return {
    count(events) {
      for (const event of events) count(event);
    },
  };
}

/**
 * Whether an attempt takes up a run that another left in the middle: not one that only waited for a person, which
 * nobody holds.
 */
export function isRecovery(state: RunState): boolean {
  if (!state.start || state.end || state.attempts < 2) return false;
  const calls = Object.values(state.open?.calls ?? {});
  return !calls.some((call) => call.request && !call.response);
}
