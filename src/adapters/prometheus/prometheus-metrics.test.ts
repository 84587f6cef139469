import { describe, expect, test } from "vitest";
import { createPrometheusMetrics } from "./prometheus-metrics.ts";

async function linesOf(metrics: ReturnType<typeof createPrometheusMetrics>): Promise<readonly string[]> {
  const rendered = await metrics.render();
  return rendered!.body.split("\n").filter((line) => !line.startsWith("#"));
}

describe("the Prometheus metrics", () => {
  test("tell every call in Prometheus' text format, durations in seconds", async () => {
    const metrics = createPrometheusMetrics();
    metrics.runAccepted("Planner");
    metrics.runEnded({ agent: "Planner", status: "completed", durationMs: 1500 });
    metrics.runRecovered("Planner");
    metrics.modelStepEnded({ agent: "Planner", durationMs: 250 });
    metrics.modelTryFailed({ agent: "Planner", code: "model_rate_limited" });
    metrics.toolCallEnded({ agent: "Planner", tool: "weather", outcome: "succeeded", durationMs: 20 });
    metrics.toolCallEnded({
      agent: "Planner",
      tool: "other",
      outcome: "unknown-tool",
      durationMs: undefined,
    });
    metrics.stepReset({ agent: "Planner", reason: "interrupted" });
    metrics.appended({ entries: 7, durationMs: 0.5 });
    metrics.appendFailed({ code: "store_unavailable", durationMs: 3 });
    metrics.interrupted();
    metrics.requestAnswered({ method: "GET", route: "/api/health", status: 200, durationMs: 2 });
    const lines = await linesOf(metrics);
    expect(lines).toEqual(
      expect.arrayContaining([
        'holdfast_runs_accepted_total{agent="Planner"} 1',
        'holdfast_runs_ended_total{agent="Planner",status="completed"} 1',
        'holdfast_run_duration_seconds_sum{agent="Planner"} 1.5',
        'holdfast_runs_recovered_total{agent="Planner"} 1',
        'holdfast_model_step_duration_seconds_sum{agent="Planner"} 0.25',
        'holdfast_model_failures_total{agent="Planner",code="model_rate_limited"} 1',
        'holdfast_tool_calls_total{agent="Planner",tool="weather",outcome="succeeded"} 1',
        'holdfast_tool_calls_total{agent="Planner",tool="other",outcome="unknown-tool"} 1',
        'holdfast_tool_call_duration_seconds_count{agent="Planner",tool="weather"} 1',
        'holdfast_step_resets_total{agent="Planner",reason="interrupted"} 1',
        "holdfast_append_duration_seconds_sum 0.0005",
        "holdfast_append_entries_sum 7",
        'holdfast_append_failures_total{code="store_unavailable"} 1',
        "holdfast_interrupts_total 1",
        'holdfast_http_requests_total{method="GET",route="/api/health",status="200"} 1',
        'holdfast_http_request_duration_seconds_sum{method="GET",route="/api/health"} 0.002',
      ]),
    );
    expect(
      lines.some((line) => line.includes('tool_call_duration_seconds_count{agent="Planner",tool="other"')),
    ).toBe(false);
  });

  test("put each append into the lowest bucket that holds it, and count those of the buckets below with it", async () => {
    const metrics = createPrometheusMetrics();
    for (const [entries, durationMs] of [
      [1, 0.2],
      [3, 1.5],
      [300, 60_000],
      [1, -1],
    ] as const)
      metrics.appended({ entries, durationMs });
    const lines = await linesOf(metrics);
    const valuesOf = (name: string): readonly number[] =>
      lines.filter((line) => line.startsWith(name)).map((line) => Number(line.split(" ")[1]));
    expect(valuesOf("holdfast_append_entries_bucket")).toEqual([2, 2, 3, 3, 3, 3, 3, 3, 3, 4]);
    expect(valuesOf("holdfast_append_duration_seconds_bucket")).toEqual([
      2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 3, 4,
    ]);
    expect(lines).toEqual(
      expect.arrayContaining([
        'holdfast_append_entries_bucket{le="+Inf"} 4',
        "holdfast_append_entries_sum 305",
        "holdfast_append_entries_count 4",
        'holdfast_append_duration_seconds_bucket{le="0.0002"} 2',
        "holdfast_append_duration_seconds_sum 60.0017",
      ]),
    );
  });

  test("count a stream as open until it is closed", async () => {
    const metrics = createPrometheusMetrics();
    const first = metrics.streamOpened("text/event-stream");
    const second = metrics.streamOpened("text/event-stream");
    first.delivered(3);
    second.delivered(2);
    first.closed();
    const lines = await linesOf(metrics);
    expect(lines).toContain('holdfast_open_streams{format="text/event-stream"} 1');
    expect(lines).toContain('holdfast_stream_entries_total{format="text/event-stream"} 5');
  });

  test("do not let a clock that was set back take from a sum", async () => {
    const metrics = createPrometheusMetrics();
    metrics.runEnded({ agent: "Planner", status: "failed", durationMs: -5000 });
    expect(await linesOf(metrics)).toContain('holdfast_run_duration_seconds_sum{agent="Planner"} 0');
  });

  test("hold the process's own under their usual names, once for all instances", async () => {
    const [one, two] = [createPrometheusMetrics(), createPrometheusMetrics()];
    one.interrupted();
    for (const metrics of [one, two]) {
      const lines = await linesOf(metrics);
      expect(lines.filter((line) => line.startsWith("process_cpu_seconds_total "))).toHaveLength(1);
    }
    expect(await linesOf(two)).toContain("holdfast_interrupts_total 0");
  });
});
