import type { WriteOrder } from "./subject.ts";

/** What can be asked of a subject's process. */
export type SubjectQuestion =
  | { readonly kind: "usage" }
  | { readonly kind: "write"; readonly order: WriteOrder };

/** What a process uses, after its garbage was collected. */
export interface Usage {
  readonly residentBytes: number;
  readonly heapBytes: number;
  /** What keeps the process awake: sockets, timers and the like. */
  readonly resources: number;
  /** Processor time since the start. */
  readonly processorMs: number;
}

export function measureUsage(): Usage {
  // Twice: what the first round finds to be finalised is freed by the second.
  globalThis.gc?.();
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  return {
    residentBytes: rss,
    heapBytes: heapUsed,
    resources: process.getActiveResourcesInfo().length,
    processorMs: (user + system) / 1000,
  };
}
