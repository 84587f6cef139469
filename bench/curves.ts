import type { Curve, CurvePoint } from "./curve.ts";
import { headStartFor } from "./figures/fan-out.ts";
import { latencyFigure } from "./figures/latency.ts";
import { replayFigure } from "./figures/replay.ts";
import type { Lab } from "./lab.ts";
import { SUBJECTS } from "./subjects/index.ts";
import type { SubjectName } from "./subjects/index.ts";

export const CURVE_NAME = "curves";

interface CurvePlan extends Omit<Curve, "series"> {
  readonly sizes: readonly number[];
  readonly measure: (lab: Lab, subject: SubjectName, size: number) => Promise<number | undefined>;
}

const COMPARED: readonly SubjectName[] = ["bare-redis", "holdfast-redis", "bare-sqlite", "holdfast-sqlite"];

/** No more chunks a second in all, however many streams there are. */
const MOST_CHUNKS_A_SECOND = 5000;
/** How long streams flow: the last one has to begin well before the first one ends, and thousands take their time to open. */
const FLOW_MS = 1000;
const FLOW_MS_A_STREAM = 2.5;

const PLANS: readonly CurvePlan[] = [
  {
    name: "streams",
    title: "Latency by the number of streams (20 chunks/s each, 5,000 in all at most)",
    across: "streams, one viewer each",
    up: "p50, milliseconds from the model's delta",
    sizes: [10, 100, 1000, 5000, 10_000],
    async measure(lab, subject, streams) {
      const everyMs = Math.max(50, (streams * 1000) / MOST_CHUNKS_A_SECOND);
      const flowMs = FLOW_MS + streams * FLOW_MS_A_STREAM;
      const order = { chunks: Math.round(flowMs / everyMs), everyMs };
      const figure = latencyFigure({ streams, order, rounds: 1, subjects: [] });
      return (await (await figure.prepare(lab, subject))()).p50;
    },
  },
  {
    name: "viewers",
    title: "Latency by the number of viewers of one stream at 5 chunks/s",
    across: "viewers",
    up: "p50, milliseconds from the model's delta",
    sizes: [1, 10, 100, 1000, 10_000],
    async measure(lab, subject, viewers) {
      const order = { chunks: 10, everyMs: 200, headStartMs: headStartFor(viewers) };
      const port = await lab.port(subject);
      return (await lab.measure({ kind: "fan-out", port, viewers, order })).values.p50;
    },
  },
  {
    name: "replay",
    title: "Replay by the length of the stream",
    across: "chunks",
    up: "milliseconds to the last chunk",
    sizes: [10, 100, 1000, 10_000, 100_000],
    async measure(lab, subject, chunks) {
      return (await (await replayFigure(chunks).prepare(lab, subject))()).p50;
    },
  },
];

/** Each size once, the subjects one after the other: for the shape, not for the decimals. */
export async function measureCurves(
  lab: Lab,
  quick: boolean,
  print: (text: string) => void,
): Promise<readonly Curve[]> {
  const curves: Curve[] = [];
  for (const { sizes, measure, ...plan } of PLANS) {
    print(
      `\n## ${plan.title}\n\n| ${plan.across} | ${COMPARED.map((each) => SUBJECTS[each].says).join(" | ")} |`,
    );
    print(`| --: ${COMPARED.map(() => "| --: ").join("")}|`);
    const points = new Map<SubjectName, CurvePoint[]>(COMPARED.map((subject) => [subject, []]));
    for (const x of quick ? sizes.slice(0, -1) : sizes) {
      const cells: string[] = [];
      for (const subject of COMPARED) {
        const y = await measure(lab, subject, x).catch((error: unknown) => {
          print(`<!-- ${subject} at ${x}: ${String(error)} -->`);
          return undefined;
        });
        if (y !== undefined) points.get(subject)?.push({ x, y });
        cells.push(y === undefined ? "–" : y.toPrecision(3));
      }
      print(`| ${x} | ${cells.join(" | ")} |`);
      await lab.clear();
    }
    const series = COMPARED.map((subject) => ({
      subject,
      label: SUBJECTS[subject].says.replaceAll("**", ""),
      points: points.get(subject) ?? [],
    }));
    curves.push({ ...plan, series });
  }
  return curves;
}
