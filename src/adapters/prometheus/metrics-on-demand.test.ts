import { describe, expect, test } from "vitest";
import { NO_METRICS } from "../../ports/index.ts";
import type { Metrics } from "../../ports/index.ts";
import { createMetricsOnDemand } from "./metrics-on-demand.ts";

describe("metrics on demand", () => {
  test("tell on what they were told before, in order, and then at once", async () => {
    const { told, metrics: kept } = listener();
    const { metrics, load } = createMetricsOnDemand(async () => kept);
    metrics.runAccepted("Early");
    const stream = metrics.streamOpened("text/plain");
    stream.delivered(3);
    expect(told).toEqual([]);
    await load();
    expect(told).toEqual(["accepted Early", "opened text/plain", "delivered 3"]);
    stream.closed();
    metrics.runAccepted("Late");
    expect(told.slice(3)).toEqual(["closed", "accepted Late"]);
  });

  test("are loaded once, also by who asks for them", async () => {
    let loads = 0;
    const { metrics, load } = createMetricsOnDemand(async () => {
      loads += 1;
      return NO_METRICS;
    });
    await Promise.all([load(), metrics.render(), metrics.render()]);
    expect(loads).toBe(1);
  });

  test("are loaded before more waits than may", async () => {
    let loads = 0;
    const { metrics } = createMetricsOnDemand(async () => {
      loads += 1;
      return NO_METRICS;
    });
    for (let told = 0; told < 999; told += 1) metrics.interrupted();
    expect(loads).toBe(0);
    metrics.interrupted();
    expect(loads).toBe(1);
  });

  test("keep nothing once they could not be loaded, and say why to who asks", async () => {
    const { metrics, load } = createMetricsOnDemand(() => Promise.reject(new Error("no such file")));
    metrics.interrupted();
    await expect(load()).rejects.toThrow("no such file");
    await expect(metrics.render()).rejects.toThrow("no such file");
    metrics.interrupted();
  });
});

function listener(): { readonly told: string[]; readonly metrics: Metrics } {
  const told: string[] = [];
  const metrics: Metrics = {
    ...NO_METRICS,
    runAccepted: (agent) => told.push(`accepted ${agent}`),
    streamOpened(format) {
      told.push(`opened ${format}`);
      return {
        delivered: (entries) => told.push(`delivered ${entries}`),
        closed: () => told.push("closed"),
      };
    },
  };
  return { told, metrics };
}
