/** What a check found. */
export interface Finding {
  /** What was looked at. */
  readonly check: string;
  readonly verdict: Verdict;
  readonly says: string;
  /** What to do about it. */
  readonly advice?: string;
}

/**
 * `warning`: it works, and may be meant so. `unsafe`: it does not work, or promises that Holdfast makes do not hold.
 * `skipped`: it could not be looked at.
 */
export type Verdict = (typeof VERDICTS)[number];

const VERDICTS = ["ok", "warning", "unsafe", "skipped"] as const;

export function ok(check: string, says: string): Finding {
  return { check, verdict: "ok", says };
}

export function warning(check: string, says: string, advice: string): Finding {
  return { check, verdict: "warning", says, advice };
}

export function unsafe(check: string, says: string, advice: string): Finding {
  return { check, verdict: "unsafe", says, advice };
}

export function skipped(check: string, says: string): Finding {
  return { check, verdict: "skipped", says };
}

/** What an error says to the person at the keyboard: one line. */
export function reasonOf(error: unknown): string {
  const [line = ""] = (error instanceof Error ? error.message : String(error)).split("\n", 1);
  return line;
}
