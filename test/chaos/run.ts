import { parseArgs } from "node:util";
import { runChaos } from "./chaos.ts";

/** `npm run chaos -- --seconds 60 --seed 7 --store redis`: exits 1 when a law was broken, with the log that shows it. */
const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    seed: { type: "string" },
    store: { type: "string", default: "embedded" },
    conversations: { type: "string", default: "40" },
    readers: { type: "string", default: "30" },
  },
});
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const store = values.store === "redis" ? "redis" : "embedded";
console.log(`chaos: ${store}, ${values.seconds} s, --seed ${seed}`);
const { breaches, ...counts } = await runChaos({
  store,
  seed,
  seconds: Number(values.seconds),
  conversations: Number(values.conversations),
  readers: Number(values.readers),
  report: (line) => console.log(line),
});
for (const breach of breaches) console.error(breach);
console.log(JSON.stringify({ store, ...counts, breaches: breaches.length }));
// Node 24.21 may spin for ever in its own clean-up after children were killed (uv_run in CleanupHandles): do not leave it to it.
process.exit(breaches.length > 0 ? 1 : 0);
