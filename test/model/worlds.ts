import { failoverRules } from "./mutants.ts";
import { REAL_RULES, SMALL } from "./protocol-model.ts";
import type { Rules, World } from "./protocol-model.ts";

export interface NamedWorld {
  readonly says: string;
  readonly world: World;
  readonly rules: Rules;
  /** An exploration that sees less than it once did has lost something. */
  readonly states: number;
}

const QUIET: World = { ...SMALL, lateRepeats: false };

/** What is explored in full. Each world is small where another is large: all of it at once would never end. */
export const WORLDS: readonly NamedWorld[] = [
  {
    says: "two workers, three attempts, every append may arrive again at any time",
    world: { ...SMALL, attempts: 3 },
    rules: REAL_RULES,
    states: 90_000,
  },
  {
    says: "two runs and a cancellation at any time, every append may arrive again at any time",
    world: { ...SMALL, runs: 2, cancels: 1 },
    rules: REAL_RULES,
    states: 70_000,
  },
  {
    says: "a run that is given up after its second worker is lost",
    world: { ...SMALL, attempts: 3, maxAttemptsWithoutProgress: 1, reader: "everything", lateRepeats: false },
    rules: REAL_RULES,
    states: 30_000,
  },
  {
    says: "a reader of text, two workers, every append may arrive again at any time",
    world: { ...SMALL, reader: "text" },
    rules: REAL_RULES,
    states: 90_000,
  },
  {
    says: "a reader of everything, two workers",
    world: { ...QUIET, reader: "everything" },
    rules: REAL_RULES,
    states: 30_000,
  },
  {
    says: "a reader of text, one worker that crashes twice, answers of two deltas",
    world: { ...QUIET, workers: 1, attempts: 3, deltas: 2, reader: "text" },
    rules: REAL_RULES,
    states: 130_000,
  },
  {
    says: "a reader of text, a model that breaks off, broken-off answers are kept",
    world: { ...QUIET, workers: 1, modelFailures: 1, onInterrupted: "continue", reader: "text" },
    rules: REAL_RULES,
    states: 100_000,
  },
  {
    says: "a reader of everything, two runs, and a stream that expires",
    world: { ...QUIET, workers: 1, runs: 2, expires: true, reader: "everything" },
    rules: REAL_RULES,
    states: 30_000,
  },
  {
    says: "a failover that loses what was acknowledged, by the rules proposed for it",
    world: { ...QUIET, workers: 1, failovers: 1, reader: "text" },
    rules: failoverRules(),
    states: 300_000,
  },
];
