import type { ComparedSubject, Figure } from "../figure.ts";
import type { Lab } from "../lab.ts";
import type { Order } from "../order.ts";
import { WHOLE_RUNS } from "./compared.ts";

/** How long the viewers have to come before the first chunk. */
export function headStartFor(viewers: number): number {
  return 1500 + viewers * 2;
}

const SUBJECTS: readonly ComparedSubject[] = [
  { subject: "bare-net", floor: "bare-net" },
  { subject: "bare-redis", floor: "bare-net" },
  { subject: "holdfast-redis", floor: "bare-net" },
  { subject: "bare-sqlite", floor: "bare-net" },
  { subject: "holdfast-sqlite", floor: "bare-net" },
];

/** How often a server is warmed up before its memory is measured: as one that has been serving for a while. */
const MEMORY_WARM_UPS = 6;

/** What is compiled and made for the first stream of all is no viewer's. */
async function warmUp(lab: Lab, port: number): Promise<void> {
  const order = { chunks: 50, everyMs: 5, headStartMs: 1500 };
  await lab.measure({ kind: "fan-out", port, viewers: 100, order });
}

function pacedFigure(viewers: number, order: Order): Figure {
  const rate = Math.round(1000 / order.everyMs);
  return {
    name: `fan-out-${viewers}`,
    group: "fan-out",
    title: `Fan-out: 1 stream at ${rate} chunks/s, ${viewers} viewers of one server process`,
    method:
      "milliseconds from the model's delta to its arrival, over all viewers; spread: between the first and the last viewer of the same chunk, p99",
    metrics: [
      { name: "p50", label: "p50 ms", compared: true },
      { name: "p99", label: "p99 ms", compared: true },
      { name: "spread", label: "spread p99 ms", compared: true },
      { name: "processor", label: "server's processor, µs a delivery", compared: true },
    ],
    rounds: 1,
    cold: true,
    subjects: SUBJECTS,
    prepare: async (lab, subject) => {
      const port = await lab.port(subject);
      await warmUp(lab, port);
      const paced = { ...order, headStartMs: headStartFor(viewers) };
      return async () => {
        const before = await lab.usage(subject);
        const { values } = await lab.measure({ kind: "fan-out", port, viewers, order: paced });
        const after = await lab.usage(subject);
        const deliveries = viewers * order.chunks;
        return { ...values, processor: ((after.processorMs - before.processorMs) * 1000) / deliveries };
      };
    },
  };
}

function saturatedFigure(viewers: number, chunks: number): Figure {
  return {
    name: "fan-out-saturated",
    group: "fan-out",
    title: `Fan-out: 1 stream as fast as it goes, ${viewers} viewers of one server process`,
    method:
      "chunks delivered a second in all, from the first arrival to the last; the model waits 2 ms after each chunk, so that each is written by itself; the floor writes the same bytes with node:net and stores nothing",
    metrics: [
      {
        name: "perSecond",
        label: "delivered /s",
        compared: true,
        target: { of: "floor", atLeast: 0.7, subjects: WHOLE_RUNS },
      },
    ],
    rounds: 1,
    cold: true,
    subjects: SUBJECTS,
    prepare: async (lab, subject) => {
      const port = await lab.port(subject);
      await warmUp(lab, port);
      const order = { chunks, everyMs: 0, pauseMs: 2, headStartMs: headStartFor(viewers) };
      return async () => (await lab.measure({ kind: "fan-out", port, viewers, order })).values;
    },
  };
}

function memoryFigure(viewers: number): Figure {
  const order = { chunks: 2, everyMs: 4000, headStartMs: headStartFor(viewers) };
  return {
    name: "viewer-memory",
    group: "fan-out",
    title: `Memory of a viewer: ${viewers} viewers of one stream`,
    method:
      "how much the server's resident memory grew for each viewer, when all had come at once and got a chunk, garbage collected before and after: steady is without the room that the burst of requests needed and the collector gives back when it has to; every round in a new process",
    metrics: [
      {
        name: "memory",
        label: "KiB a viewer, steady",
        compared: true,
        target: { of: "itself", atMost: 14, subjects: WHOLE_RUNS },
      },
      { name: "burst", label: "right after the burst", compared: true },
      { name: "heap", label: "live heap" },
    ],
    rounds: 1,
    cold: true,
    subjects: [
      { subject: "bare-net", floor: "bare-http" },
      { subject: "bare-http", floor: "bare-http" },
      { subject: "holdfast-redis", floor: "bare-http" },
      { subject: "holdfast-sqlite", floor: "bare-http" },
    ],
    prepare: async (lab, subject) => {
      const port = await lab.port(subject);
      return async () => {
        // The same few again and again: their memory is used again, so that only a few are not counted.
        for (let round = 0; round < MEMORY_WARM_UPS; round++) await warmUp(lab, port);
        const before = await lab.usage(subject);
        await lab.measure({ kind: "hold", port, viewers, order });
        const after = await lab.usage(subject);
        await lab.measure({ kind: "release" });
        return {
          memory: (after.steadyBytes - before.steadyBytes) / viewers / 1024,
          burst: (after.residentBytes - before.residentBytes) / viewers / 1024,
          heap: (after.heapBytes - before.heapBytes) / viewers / 1024,
        };
      };
    },
  };
}

export const MANY_VIEWERS: Figure = {
  ...pacedFigure(10_000, { chunks: 20, everyMs: 100 }),
  group: "large",
};

export const FAN_OUT_FIGURES: readonly Figure[] = [
  pacedFigure(1000, { chunks: 100, everyMs: 10 }),
  saturatedFigure(1000, 150),
  memoryFigure(5000),
];
