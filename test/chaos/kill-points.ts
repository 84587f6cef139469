import { parseArgs } from "node:util";
import { summarize } from "../support/durations.ts";
import { cancelTimes } from "./cancel-times.ts";
import type { CancelState } from "./cancel-times.ts";
import { killTimes } from "./kill-times.ts";

/**
 * `node --conditions=holdfast-source test/chaos/kill-points.ts --count 1000 --cancels 50`: what a kill -9 in mid-text costs a
 * reader, and how fast a cancellation is seen. Times are reported, laws are required: exits 1 when one was broken.
 */
const { values } = parseArgs({
  options: {
    count: { type: "string", default: "50" },
    cancels: { type: "string", default: "20" },
    seed: { type: "string" },
    store: { type: "string", default: "embedded" },
  },
});
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const store = values.store === "redis" ? "redis" : "embedded";
console.log(`kill points: --seed ${seed}; ${process.arch} ${process.platform}, Node ${process.version}`);
if (store === "embedded" && Number(values.count) > 0) {
  const times = await killTimes({ count: Number(values.count), seed, report: (line) => console.log(line) });
  console.log("kill -9 to the next event at a live reader, ms", summarize(times));
}
const cancels = await cancelTimes({ store, count: Number(values.cancels) });
for (const state of Object.keys(cancels) as CancelState[]) {
  console.log(
    `cancel in ${state} on ${store}, request to terminal event at a reader, ms`,
    summarize(cancels[state]),
  );
}
// Node 24.21 may spin for ever in its own clean-up after children were killed (uv_run in CleanupHandles): do not leave it to it.
process.exit();
