import type { SubjectName } from "./subjects/index.ts";

/** How something changes with the size of the task, for several subjects. */
export interface Curve {
  readonly name: string;
  readonly title: string;
  readonly across: string;
  readonly up: string;
  readonly series: readonly CurveSeries[];
}

export interface CurveSeries {
  readonly subject: SubjectName;
  readonly label: string;
  readonly points: readonly CurvePoint[];
}

export interface CurvePoint {
  readonly x: number;
  readonly y: number;
}
