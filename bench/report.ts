import type { FigureResult, Percentile, SubjectResult } from "./figure.ts";
import type { Machine } from "./machine.ts";
import { median } from "./statistics.ts";
import { SUBJECTS } from "./subjects/index.ts";

/** The machine and how to read the tables, in Markdown. */
export function machineToMarkdown(machine: Machine, command: string): string {
  const { date, processor, cores, memoryGiB, system, node, redis } = machine;
  return [
    `- Date: ${date}`,
    `- Machine: ${cores} × ${processor}, ${memoryGiB} GiB, ${system}; all processes on it, loopback only`,
    `- Node ${node}, Redis ${redis} (no append-only file)`,
    `- Command: \`${command}\``,
    "",
    "Milliseconds: the median of the rounds, [the lowest and highest round]. Ratios are taken within each round, in which",
    "the programs take turns, and their median is given; on a shared machine they hold better than the milliseconds do.",
  ].join("\n");
}

/** One figure as a table, in Markdown. */
export function figureToMarkdown({ title, method, percentiles, subjects }: FigureResult): string {
  const samples = subjects.find(({ subject }) => subject === "samples");
  const header = ["", ...percentiles.map((each) => `p${each} ms`), "× its floor", "samples ÷ it"];
  const rows = subjects.map((result) => {
    const floor = subjects.find(({ subject }) => subject === result.floor);
    return [
      SUBJECTS[result.subject].says,
      ...percentiles.map((each) => withSpread(valuesOf(result, each))),
      result === floor ? "1" : ratio(result, floor),
      result === samples ? "1" : ratio(samples, result),
    ];
  });
  const rule = header.map((_, column) => (column === 0 ? "---" : "--:"));
  const lines = [header, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  return [`## ${title}`, "", `${method[0]?.toUpperCase()}${method.slice(1)}.`, "", ...lines].join("\n");
}

function valuesOf({ rounds }: SubjectResult, percentile: Percentile): readonly number[] {
  return rounds.map((round) => round[percentile]);
}

function withSpread(values: readonly number[]): string {
  return `${short(median(values))} [${short(Math.min(...values))}–${short(Math.max(...values))}]`;
}

/** How many times as long one takes as another, by the median: round by round, then the median. */
function ratio(one: SubjectResult | undefined, other: SubjectResult | undefined): string {
  if (!one || !other) return "";
  const divisors = valuesOf(other, 50);
  return short(median(valuesOf(one, 50).map((value, round) => value / (divisors[round] ?? Number.NaN))));
}

function short(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(2);
}
