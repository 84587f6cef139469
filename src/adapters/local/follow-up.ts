import type { DriveResult } from "../../ports/index.ts";
import type { DriveOutcome } from "./live-drives.ts";

/** The longest wait after the first failure of a drive in a row; it doubles with each further one. */
export const FIRST_BACKOFF_MS = 200;
/** The longest wait between two drives of a conversation that keeps failing. */
export const LONGEST_BACKOFF_MS = 30_000;

/** What an engine owes a conversation after a drive. */
export type FollowUp =
  | { readonly kind: "none" }
  | { readonly kind: "now" }
  /** A drive not before a moment (milliseconds since 1970), after so many failures in a row. */
  | { readonly kind: "at"; readonly moment: number; readonly failures: number };

export interface FollowUpFacts {
  /** How many drives of the conversation had failed in a row before this one. */
  readonly failures: number;
  readonly now: number;
  /** In [0, 1). */
  readonly random: number;
}

/** Decides what comes after a drive. */
export function followUp(outcome: DriveOutcome, facts: FollowUpFacts): FollowUp {
  switch (outcome.kind) {
    case "cut":
      return { kind: "now" };
    case "threw": {
      const failures = facts.failures + 1;
      return { kind: "at", moment: facts.now + backoffMs(failures, facts.random), failures };
    }
    case "returned":
      return afterResult(outcome.result);
  }
}

/** Full jitter: anything up to a limit that doubles, so that conversations that failed together do not return together. */
export function backoffMs(failures: number, random: number): number {
  return Math.ceil(random * Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (failures - 1)));
}

function afterResult(result: DriveResult): FollowUp {
  switch (result.state) {
    case "idle":
      return { kind: "none" };
    case "more":
      return { kind: "now" };
    case "waiting":
      return result.wakeAt === undefined
        ? { kind: "none" }
        : { kind: "at", moment: result.wakeAt, failures: 0 };
  }
}
