import type { Figure, FigureResult, SubjectResult } from "./figure.ts";
import type { Lab } from "./lab.ts";
import { percentile } from "./statistics.ts";

/**
 * Measures a figure: after a round that is thrown away, in which everything is compiled and connected, the subjects take
 * turns, each round beginning with another one, so that what the machine does meanwhile falls on all of them.
 */
export async function measureFigure(lab: Lab, figure: Figure): Promise<FigureResult> {
  const measured: { readonly measure: () => Promise<readonly number[]>; readonly rounds: Round[] }[] = [];
  for (const { subject } of figure.subjects) {
    measured.push({ measure: await figure.prepare(lab, subject), rounds: [] });
  }
  for (let round = 0; round <= figure.rounds; round++) {
    for (const { measure, rounds } of rotated(measured, round)) {
      const values = await measure();
      if (round > 0) rounds.push({ 50: percentile(values, 0.5), 99: percentile(values, 0.99) });
    }
  }
  const { name, title, method, percentiles } = figure;
  const subjects = figure.subjects.map((compared, index): SubjectResult => ({
    ...compared,
    rounds: measured[index]?.rounds ?? [],
  }));
  return { name, title, method, percentiles, subjects };
}

type Round = SubjectResult["rounds"][number];

function rotated<Item>(items: readonly Item[], by: number): readonly Item[] {
  const start = by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}
