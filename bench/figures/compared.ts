import type { ComparedSubject } from "../figure.ts";

/** Redis first, then embedded; each beside the bare program that does the least there is to do for it. */
export const EVERYBODY: readonly ComparedSubject[] = [
  { subject: "bare-redis", floor: "bare-redis" },
  { subject: "holdfast-redis", floor: "bare-redis" },
  { subject: "store-redis", floor: "bare-redis" },
  { subject: "samples", floor: "bare-redis" },
  { subject: "resumable-stream", floor: "bare-redis" },
  { subject: "bare-sqlite", floor: "bare-sqlite" },
  { subject: "holdfast-sqlite", floor: "bare-sqlite" },
  { subject: "store-sqlite", floor: "bare-sqlite" },
  { subject: "holdfast-memory", floor: "bare-sqlite" },
  { subject: "durable-streams-memory", floor: "bare-sqlite" },
  { subject: "durable-streams-file", floor: "bare-sqlite" },
];

/** Without the variants that leave the runtime out. */
export const WITHOUT_STORES: readonly ComparedSubject[] = EVERYBODY.filter(
  ({ subject }) => !/^(store|holdfast-memory)/.test(subject),
);

/** Without the peers, which saturate or cannot do it. */
export const OURS_AND_BARE: readonly ComparedSubject[] = EVERYBODY.filter(
  ({ subject }) => !/^(samples|resumable|durable|holdfast-memory)/.test(subject),
);

export const WHOLE_RUNS = ["holdfast-redis", "holdfast-sqlite"] as const;
export const STORES = ["store-redis", "store-sqlite"] as const;
