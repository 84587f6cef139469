import type { FigureResult, Metric, SubjectResult, Target } from "./figure.ts";
import type { Machine } from "./machine.ts";
import { median } from "./statistics.ts";
import { SUBJECTS } from "./subjects/index.ts";

/** The machine and how to read the tables, in Markdown. */
export function machineToMarkdown(machine: Machine, command: string): string {
  const { date, processor, cores, memoryGiB, system, node, redis, peers } = machine;
  return [
    `- Date: ${date}`,
    `- Machine: ${cores} × ${processor}, ${memoryGiB} GiB, ${system}; all processes on it, loopback only`,
    `- Node ${node}, Redis ${redis} (no append-only file)${peers.map((peer) => `, ${peer}`).join("")}`,
    `- Command: \`${command}\``,
    "",
    "Numbers are the median of the rounds, [the lowest and highest round]. Ratios are taken within each round, in which",
    "the programs take turns, and their median is given; on a shared machine they hold better than the numbers do.",
  ].join("\n");
}

/** One figure as a table, in Markdown, and whether its targets were reached. */
export function figureToMarkdown({ title, method, metrics, subjects }: FigureResult): string {
  const compared = subjects.some(({ floor }) => floor !== undefined)
    ? metrics.filter((metric) => metric.compared)
    : [];
  const header = [
    "",
    ...metrics.map(({ label }) => label),
    ...compared.map(({ label }) => `${label.replace(/ (ms|\/s)$/, "")} ÷ floor's`),
  ];
  const rows = subjects.map((result) => {
    const floor = floorOf(result, subjects);
    const numbers = metrics.map((metric) => withSpread(valuesOf(result, metric)));
    const ratios = compared.map((metric) => ratioText(result, floor, metric));
    return [SUBJECTS[result.subject].says, ...numbers, ...ratios];
  });
  const rule = header.map((_, column) => (column === 0 ? "---" : "--:"));
  const lines = [header, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  const targets = metrics.flatMap((metric) => verdicts(metric, subjects));
  const failures = subjects.flatMap(({ subject, failed }) =>
    failed === undefined ? [] : [`- ${SUBJECTS[subject].says} failed: ${failed}`],
  );
  const notes = [...targets, ...failures];
  return [
    `## ${title}`,
    "",
    `${method[0]?.toUpperCase()}${method.slice(1)}.`,
    "",
    ...lines,
    ...(notes.length > 0 ? ["", ...notes] : []),
  ].join("\n");
}

function verdicts(metric: Metric, subjects: readonly SubjectResult[]): readonly string[] {
  const { target } = metric;
  if (!target) return [];
  return subjects.flatMap((result) => {
    if (!target.subjects.includes(result.subject) || result.rounds.length === 0) return [];
    const floor = floorOf(result, subjects);
    const value = target.of === "floor" ? ratioOf(result, floor, metric) : median(valuesOf(result, metric));
    if (Number.isNaN(value)) return [];
    const met = reaches(value, target) ? "reached" : "**missed**";
    const of = target.of === "floor" ? " of its floor's" : "";
    const wanted = target.atMost === undefined ? `≥ ${target.atLeast}` : `≤ ${target.atMost}`;
    return [
      `- Target ${met}: ${metric.label} ${target.of === "floor" ? value.toFixed(2) : short(value)}${of} (${wanted}), ${SUBJECTS[result.subject].says}`,
    ];
  });
}

function reaches(value: number, { atMost = Number.POSITIVE_INFINITY, atLeast = 0 }: Target): boolean {
  return value <= atMost && value >= atLeast;
}

function floorOf(result: SubjectResult, subjects: readonly SubjectResult[]): SubjectResult | undefined {
  return subjects.find(({ subject }) => subject === result.floor);
}

function valuesOf({ rounds }: SubjectResult, { name }: Metric): readonly number[] {
  return rounds.flatMap((round) => round[name] ?? []);
}

function withSpread(values: readonly number[]): string {
  if (values.length === 0) return "–";
  return `${short(median(values))} [${short(Math.min(...values))}–${short(Math.max(...values))}]`;
}

function ratioText(one: SubjectResult, floor: SubjectResult | undefined, metric: Metric): string {
  const value = ratioOf(one, floor, metric);
  return Number.isNaN(value) ? "" : value.toFixed(2);
}

/** How many times the floor's, round by round, then the median. */
function ratioOf(one: SubjectResult, floor: SubjectResult | undefined, metric: Metric): number {
  if (!floor) return Number.NaN;
  const divisors = valuesOf(floor, metric);
  return median(valuesOf(one, metric).flatMap((value, round) => value / (divisors[round] ?? Number.NaN)));
}

function short(value: number): string {
  if (value >= 10_000) return `${(value / 1000).toFixed(value >= 100_000 ? 0 : 1)}k`;
  return value >= 100 ? value.toFixed(0) : value.toPrecision(2);
}
