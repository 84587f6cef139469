import { foldRun } from "../../src/core/index.ts";
import type { LogEvent } from "../../src/core/index.ts";

/** How long after the kill of its worker each run that was under way got its next attempt, in milliseconds. */
export function recoveryTimes(
  log: readonly LogEvent[],
  kills: readonly { readonly pid: number; readonly at: number }[],
): readonly number[] {
  const attempts = log.filter((event) => event.type === "attempt-start");
  return attempts.flatMap((attempt, index) => {
    const before = attempts[index - 1];
    const kill = kills.find(({ pid }) => String(pid) === before?.worker.split(":")[1]);
    if (!before || !kill || attempt.at < kill.at || before.at > kill.at) return [];
    const state = foldRun(
      log.filter((event) => event.run === attempt.run && event.attempt < attempt.attempt),
    );
    // A run that waited for a person, or had not begun, waited for nobody's recovery.
    const waits = Object.values(state.open?.calls ?? {}).some((call) => call.request && !call.response);
    return waits || state.tip === "0-0" || state.end ? [] : [attempt.at - kill.at];
  });
}
