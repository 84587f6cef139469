import { expect, test } from "vitest";
import type { ClusterStore } from "../support/cluster.ts";
import { runChaos } from "./chaos.ts";

const SECONDS = 10;
const STORES: readonly ClusterStore[] = ["embedded", "redis"];

test.each(STORES)(
  "every law holds after some seconds of chaos on %s",
  async (store) => {
    const seed = Number(process.env["HOLDFAST_SEED"] ?? Date.now() % 1_000_000);
    console.log(`chaos on ${store}: HOLDFAST_SEED=${seed}`);
    const { breaches, ...counts } = await runChaos({
      store,
      seed,
      seconds: SECONDS,
      conversations: 16,
      readers: 15,
    });
    console.log(JSON.stringify({ store, ...counts }));
    expect(breaches.join("\n\n")).toBe("");
    expect(counts.kills + counts.pauses + counts.stops).toBeGreaterThan(0);
    expect(counts.runs).toBeGreaterThan(16);
  },
  180_000,
);
