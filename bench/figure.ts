import type { MetricName } from "./client/measurement.ts";
import type { Lab } from "./lab.ts";
import type { SubjectName } from "./subjects/index.ts";

/** One thing to be measured on several subjects, one right after the other in every round. */
export interface Figure {
  /** What `--only` calls it, alone or with what it has in common with others. */
  readonly name: string;
  readonly group: string;
  readonly title: string;
  /** How it is measured, for whoever reads the table. */
  readonly method: string;
  readonly metrics: readonly Metric[];
  readonly rounds: number;
  /** Whether nothing is thrown away before the first round: where every round is a start from cold. */
  readonly cold?: boolean;
  readonly subjects: readonly ComparedSubject[];
  /** Makes a subject ready; gives what measures it once. */
  prepare(lab: Lab, subject: SubjectName): Promise<() => Promise<Values>>;
}

export interface Metric {
  readonly name: MetricName;
  readonly label: string;
  /** Whether a ratio to the floor is shown. */
  readonly compared?: boolean;
  readonly target?: Target;
}

/** What Holdfast is to reach, as a ratio to the floor or by itself. */
export interface Target {
  readonly of: "floor" | "itself";
  readonly atMost?: number;
  readonly atLeast?: number;
  /** Whose target it is. */
  readonly subjects: readonly SubjectName[];
}

export interface ComparedSubject {
  readonly subject: SubjectName;
  /** The bare program that does the least there is to do for it. */
  readonly floor?: SubjectName;
}

export type Values = Readonly<Partial<Record<MetricName, number>>>;

/** What one subject showed, round by round, or why it has nothing to show. */
export interface SubjectResult extends ComparedSubject {
  readonly rounds: readonly Values[];
  readonly failed?: string;
}

export interface FigureResult extends Pick<Figure, "name" | "title" | "method" | "metrics"> {
  readonly subjects: readonly SubjectResult[];
}
