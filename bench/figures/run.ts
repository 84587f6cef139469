import type { Figure } from "../figure.ts";

/** No whole seconds, at which whoever polls would be on time by chance. */
const SECONDS = 1.7;

/** What a run costs more for being durable and streamed than the same model piped straight to the socket. */
function overheadFigure(rate: number): Figure {
  const order = { chunks: rate * SECONDS, everyMs: 1000 / rate, headStartMs: 1 };
  return {
    name: `run-wall-${rate}`,
    group: "run-wall",
    title: `Wall time of a run: a model that says ${rate} chunks/s for ${SECONDS} s`,
    method: "milliseconds from the request to the end of the answer; the floor stores nothing",
    metrics: [
      {
        name: "p50",
        label: "ms",
        compared: true,
        target: { of: "floor", atMost: 1.03, subjects: ["holdfast-redis", "holdfast-sqlite"] },
      },
    ],
    rounds: 1,
    subjects: [
      { subject: "bare-net", floor: "bare-net" },
      { subject: "holdfast-redis", floor: "bare-net" },
      { subject: "holdfast-sqlite", floor: "bare-net" },
      { subject: "samples", floor: "bare-net" },
      { subject: "resumable-stream", floor: "bare-net" },
    ],
    prepare: async (lab, subject) => {
      const port = await lab.port(subject);
      const wall = { kind: "wall", port, order, chunks: order.chunks, times: 1 } as const;
      return async () => (await lab.measure(wall)).values;
    },
  };
}

const STEPS: Figure = {
  name: "steps",
  group: "steps",
  title: "Run overhead: three steps that do nothing, start to finish",
  method:
    "milliseconds from the request, on a new connection, to the end of the answer: a model step that calls a tool, the tool, a model step of one chunk",
  metrics: [
    { name: "p50", label: "p50 ms" },
    { name: "p99", label: "p99 ms" },
  ],
  rounds: 2,
  subjects: [{ subject: "steps-sqlite" }, { subject: "steps-bullmq" }],
  prepare: async (lab, subject) => {
    const port = await lab.port(subject);
    const wall = { kind: "wall", port, order: { chunks: 1, everyMs: 0 }, chunks: 1, times: 100 } as const;
    return async () => (await lab.measure(wall)).values;
  },
};

/** Each engine has its own target. */
function stepsOf(name: "steps-embedded" | "steps-bullmq", atMost: number): Figure {
  const subject = name === "steps-embedded" ? "steps-sqlite" : "steps-bullmq";
  return {
    ...STEPS,
    name,
    title: `${STEPS.title}, ${name === "steps-embedded" ? "embedded" : "BullMQ"}`,
    metrics: STEPS.metrics.map((metric) =>
      metric.name === "p50" ? { ...metric, target: { of: "itself", atMost, subjects: [subject] } } : metric,
    ),
    subjects: [{ subject }],
  };
}

export const RUN_FIGURES: readonly Figure[] = [
  overheadFigure(50),
  overheadFigure(500),
  stepsOf("steps-embedded", 6),
  stepsOf("steps-bullmq", 12),
];
