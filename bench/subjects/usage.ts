import type { WriteOrder } from "./subject.ts";

/** What can be asked of a subject's process. */
export type SubjectQuestion =
  | { readonly kind: "usage" }
  | { readonly kind: "write"; readonly order: WriteOrder };

/** What a process uses, after its garbage was collected. */
export interface Usage {
  readonly residentBytes: number;
  /** The same after the collector has given back all that it can, such as the room that a burst of requests needed. */
  readonly steadyBytes: number;
  readonly heapBytes: number;
  /** What keeps the process awake: sockets, timers and the like. */
  readonly resources: number;
  /** Processor time since the start. */
  readonly processorMs: number;
}

/** How often garbage is collected: what one round finds to be finalised is freed by the next. */
const COLLECTIONS = 3;

/** What measuring took by itself is nobody's usage. */
let measuringMs = 0;

export async function measureUsage(): Promise<Usage> {
  const processorMs = processorTime() - measuringMs;
  for (let round = 0; round < COLLECTIONS; round++) {
    globalThis.gc?.();
    // What is finalised is told in turns of the event loop.
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const { rss, heapUsed } = process.memoryUsage();
  await globalThis.gc?.({ type: "major", execution: "async", flavor: "last-resort" });
  const steadyBytes = process.memoryUsage.rss();
  measuringMs = processorTime() - processorMs;
  return {
    residentBytes: rss,
    steadyBytes,
    heapBytes: heapUsed,
    resources: process.getActiveResourcesInfo().length,
    processorMs,
  };
}

function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
