import type { Figure, FigureResult, SubjectResult, Values } from "./figure.ts";
import type { Lab } from "./lab.ts";

interface Measured {
  readonly measure: (() => Promise<Values>) | undefined;
  readonly rounds: Values[];
  failed: string | undefined;
}

/**
 * Measures a figure: after a round that is thrown away, in which everything is compiled and connected, the subjects take
 * turns, each round beginning with another one, so that what the machine does meanwhile falls on all of them. A subject
 * that fails is shown as failed, and the others go on.
 */
export async function measureFigure(lab: Lab, figure: Figure): Promise<FigureResult> {
  const measured: Measured[] = [];
  for (const { subject } of figure.subjects) {
    let failed: string | undefined;
    const measure = await figure.prepare(lab, subject).catch((error: unknown) => {
      failed = String(error);
      return undefined;
    });
    measured.push({ measure, rounds: [], failed });
  }
  for (let round = figure.cold ? 1 : 0; round <= figure.rounds; round++) {
    for (const each of rotated(measured, round)) await measureOnce(each, round > 0);
  }
  const { name, title, method, metrics } = figure;
  const subjects = figure.subjects.map((compared, index): SubjectResult => {
    const { rounds = [], failed } = measured[index] ?? {};
    return { ...compared, rounds, ...(failed !== undefined && { failed }) };
  });
  return { name, title, method, metrics, subjects };
}

async function measureOnce(each: Measured, counts: boolean): Promise<void> {
  if (!each.measure || each.failed !== undefined) return;
  try {
    const values = await each.measure();
    if (counts) each.rounds.push(values);
  } catch (error) {
    each.failed = String(error);
  }
}

function rotated<Item>(items: readonly Item[], by: number): readonly Item[] {
  const start = by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}
