import type { ComparedSubject, Figure } from "../figure.ts";
import type { Order } from "../order.ts";
import { EVERYBODY, OURS_AND_BARE, STORES, WHOLE_RUNS, WITHOUT_STORES } from "./compared.ts";

/** How late the first chunk is for each stream that must be open before: runs of thousands take their time to start. */
const HEAD_START_MS_A_STREAM = 2;

export interface LatencyLoad {
  readonly streams: number;
  readonly order: Order;
  readonly rounds: number;
  readonly subjects: readonly ComparedSubject[];
}

export function latencyFigure({ streams, order, rounds, subjects }: LatencyLoad): Figure {
  const rate = Math.round((streams * 1000) / order.everyMs);
  const many = streams >= 1000;
  // One stream has a beginning and an end of its own, which nobody else's chunks have to wait for.
  const steady = streams > 1;
  // All begin within one interval, each at its own moment.
  const headStartMs = 600 + streams * HEAD_START_MS_A_STREAM;
  const targeted = [...WHOLE_RUNS, ...STORES];
  return {
    name: `latency-${streams}${rate < 20_000 && streams === 5000 ? "-slow" : ""}`,
    group: "latency",
    title: `Append to viewer: ${streams} ${streams === 1 ? "stream" : "streams"}, ${rate} chunks/s in all, one viewer each`,
    method:
      "milliseconds from the moment the model hands over a chunk to its arrival in the client's process, while all streams flow (what was made before the last had begun or after the first had ended is not counted); whole runs: from the model's delta, through the runtime; store and HTTP: from the append, through the log writer and the store",
    metrics: [
      {
        name: "p50",
        label: "p50 ms",
        compared: true,
        target: { of: "floor", atMost: 1.5, subjects: targeted },
      },
      {
        name: "p99",
        label: "p99 ms",
        compared: true,
        target: { of: "floor", atMost: 2, subjects: targeted },
      },
    ],
    rounds,
    cold: many,
    subjects,
    async prepare(lab, subject) {
      const port = await lab.port(subject);
      // So many are warm enough by a few.
      if (many)
        await lab.measure({ kind: "latency", port, streams: 100, order: { chunks: 20, everyMs: 20 } });
      const paced = steady ? { ...order, headStartMs } : order;
      const measurement = { kind: "latency", port, streams, order: paced, steady } as const;
      return async () => (await lab.measure(measurement)).values;
    },
  };
}

/**
 * The latencies of few go over whole seconds: a reader that polls each second must be met at every phase alike. And over
 * some: a p99 of a hundred chunks is the worst one's, and of two seconds that of whatever else the machine did then.
 */
export const LATENCY_FIGURES: readonly Figure[] = [
  latencyFigure({ streams: 1, order: { chunks: 250, everyMs: 20 }, rounds: 2, subjects: WITHOUT_STORES }),
  latencyFigure({ streams: 100, order: { chunks: 120, everyMs: 50 }, rounds: 3, subjects: EVERYBODY }),
  latencyFigure({ streams: 1000, order: { chunks: 40, everyMs: 200 }, rounds: 2, subjects: OURS_AND_BARE }),
];

/** As many streams as `LATENCY_FIGURES` have not: at 20,000 chunks a second, and at a quarter of it. */
export const MANY_STREAMS: readonly Figure[] = [
  latencyFigure({ streams: 5000, order: { chunks: 48, everyMs: 250 }, rounds: 2, subjects: OURS_AND_BARE }),
  latencyFigure({ streams: 5000, order: { chunks: 12, everyMs: 1000 }, rounds: 2, subjects: OURS_AND_BARE }),
].map((figure) => ({ ...figure, group: "large" }));
