import { describe, expect, test } from "vitest";
import { createPrometheusMetrics } from "../../src/adapters/prometheus/prometheus-metrics.ts";
import { figuresFromMetrics } from "../../web/src/metrics.ts";

describe("the figures of the console", () => {
  test("are read from what the server really tells", async () => {
    const metrics = createPrometheusMetrics();
    metrics.runAccepted("One");
    metrics.runAccepted("Two");
    metrics.streamOpened("text/event-stream");
    metrics.streamOpened("text/plain").closed();
    for (let count = 0; count < 98; count++) metrics.appended({ entries: 1, durationMs: 0.7 });
    metrics.appended({ entries: 1, durationMs: 30 });
    metrics.appended({ entries: 1, durationMs: 30 });
    const rendered = await metrics.render();
    const { appendMedianMs, appendP99Ms, ...counts } = figuresFromMetrics(rendered?.body ?? "");
    expect(counts).toEqual({ runs: 2, viewers: 1 });
    // As exact as the buckets are: between their bounds.
    expect(appendMedianMs).toBeGreaterThan(0.5);
    expect(appendMedianMs).toBeLessThan(1);
    expect(appendP99Ms).toBeGreaterThan(25);
    expect(appendP99Ms).toBeLessThan(100);
  });

  test("know no latency before the first append", async () => {
    const rendered = await createPrometheusMetrics().render();
    expect(figuresFromMetrics(rendered?.body ?? "")).toMatchObject({ runs: 0, appendMedianMs: undefined });
  });
});
