import type { Lab } from "./lab.ts";
import type { SubjectName } from "./subjects/index.ts";

/** One thing to be measured on several subjects, one right after the other in every round. */
export interface Figure {
  /** What `--only` calls it. */
  readonly name: string;
  readonly title: string;
  /** How it is measured, for whoever reads the table. */
  readonly method: string;
  readonly percentiles: readonly Percentile[];
  readonly rounds: number;
  readonly subjects: readonly ComparedSubject[];
  /** Makes a subject ready; gives what measures it once, in milliseconds, one value a chunk or a replay. */
  prepare(lab: Lab, subject: SubjectName): Promise<() => Promise<readonly number[]>>;
}

export type Percentile = 50 | 99;

export interface ComparedSubject {
  readonly subject: SubjectName;
  /** The bare program that does the least there is to do for it. */
  readonly floor: SubjectName;
}

/** What one subject took, in milliseconds, round by round. */
export interface SubjectResult extends ComparedSubject {
  readonly rounds: readonly Readonly<Record<Percentile, number>>[];
}

export interface FigureResult {
  readonly name: string;
  readonly title: string;
  readonly method: string;
  readonly percentiles: readonly Percentile[];
  readonly subjects: readonly SubjectResult[];
}

export const COMPARED: readonly ComparedSubject[] = [
  { subject: "bare-redis", floor: "bare-redis" },
  { subject: "holdfast-redis", floor: "bare-redis" },
  { subject: "samples", floor: "bare-redis" },
  { subject: "bare-sqlite", floor: "bare-sqlite" },
  { subject: "holdfast-sqlite", floor: "bare-sqlite" },
  { subject: "holdfast-memory", floor: "bare-sqlite" },
];
