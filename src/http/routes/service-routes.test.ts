import { describe, expect, onTestFinished, test } from "vitest";
import * as z from "zod";
import { createMemoryStore } from "../../adapters/memory/index.ts";
import { defineAgent, defineTool } from "../../define-agent.ts";
import { createHoldfast } from "../../holdfast.ts";
import type { Holdfast } from "../../holdfast.ts";
import { NO_METRICS } from "../../ports/index.ts";
import type { Metrics } from "../../ports/index.ts";

const ORIGIN = "http://holdfast.test";

/** An agent that calls its tool once and one that it does not have, then answers. */
function server(metrics?: Metrics): Holdfast {
  const agent = defineAgent({
    name: "Caller",
    instructions: "Call.",
    tools: { echo: defineTool({ inputSchema: z.object({}), execute: () => "done" }) },
    async *model({ step }) {
      if (step > 1) {
        yield "Done.";
        return;
      }
      yield { type: "tool-call", callId: "a", name: "echo", input: {} };
      yield { type: "tool-call", callId: "b", name: "invented-by-a-model", input: {} };
    },
  });
  const holdfast = createHoldfast({
    agents: [agent],
    store: createMemoryStore(),
    ...(metrics && { metrics }),
  });
  onTestFinished(() => holdfast.stop({ graceMs: 0 }));
  return holdfast;
}

async function text(holdfast: Holdfast, path: string, init?: RequestInit): Promise<string> {
  const response = await holdfast.fetch(new Request(`${ORIGIN}${path}`, init));
  return response.text();
}

describe("GET /metrics", () => {
  test("tells of runs, steps, tools, appends, streams and requests", async () => {
    const holdfast = server();
    await text(holdfast, "/api/agent/create", { method: "POST", body: "Go." });
    const lines = (await text(holdfast, "/metrics")).split("\n");
    expect(lines).toEqual(
      expect.arrayContaining([
        'holdfast_runs_accepted_total{agent="Caller"} 1',
        'holdfast_runs_ended_total{agent="Caller",status="completed"} 1',
        'holdfast_run_duration_seconds_count{agent="Caller"} 1',
        'holdfast_model_step_duration_seconds_count{agent="Caller"} 2',
        'holdfast_tool_calls_total{agent="Caller",tool="echo",outcome="succeeded"} 1',
        'holdfast_tool_calls_total{agent="Caller",tool="other",outcome="unknown-tool"} 1',
        'holdfast_open_streams{format="text/event-stream"} 0',
        'holdfast_http_requests_total{method="POST",route="/api/agent/create",status="200"} 1',
      ]),
    );
    expect(valueOf(lines, "holdfast_append_entries_sum")).toBeGreaterThan(10);
    expect(valueOf(lines, 'holdfast_stream_entries_total{format="text/event-stream"}')).toBeGreaterThan(10);
  });

  test("shows a stream as open while it is read, and not once its reader is gone", async () => {
    const holdfast = server();
    await text(holdfast, "/api/agent/create?conversation_id=here", { method: "POST", body: "Go." });
    const response = await holdfast.fetch(new Request(`${ORIGIN}/api/agent/stream/here?follow=true`));
    const reader = response.body!.getReader();
    await reader.read();
    const open = 'holdfast_open_streams{format="text/event-stream"}';
    expect(valueOf((await text(holdfast, "/metrics")).split("\n"), open)).toBe(1);
    await reader.cancel();
    expect(valueOf((await text(holdfast, "/metrics")).split("\n"), open)).toBe(0);
  });

  test("names no path and no method that a client made up", async () => {
    const holdfast = server();
    await text(holdfast, "/no/such/place/unheard-of");
    await text(holdfast, "/api/agent/stream/a-conversation", { method: "BREW" });
    const metrics = await text(holdfast, "/metrics");
    expect(metrics).toContain('{method="GET",route="unmatched",status="404"} 1');
    expect(metrics).toContain('{method="other",route="unmatched",status="405"} 1');
    expect(metrics).not.toMatch(/unheard-of|a-conversation|BREW/);
  });

  test("is not there on a server that keeps no metrics", async () => {
    const response = await server(NO_METRICS).fetch(new Request(`${ORIGIN}/metrics`));
    expect(response.status).toBe(404);
  });
});

test("a server that begins to stop is not ready, while a step under way comes to its end", async () => {
  const begun = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const holdfast = createHoldfast({
    agents: [defineAgent({ name: "Slow", instructions: "Wait." })],
    async *model() {
      begun.resolve();
      await goOn.promise;
      yield "Done.";
    },
    store: createMemoryStore(),
  });
  await text(holdfast, "/api/agents/Slow/run", { method: "POST", body: "Go." });
  await begun.promise;
  const stopped = holdfast.stop({ graceMs: 10_000 });
  const { status } = await holdfast.fetch(new Request(`${ORIGIN}/api/ready`));
  goOn.resolve();
  await stopped;
  expect(status).toBe(503);
});

function valueOf(lines: readonly string[], series: string): number {
  return Number(lines.find((line) => line.startsWith(`${series} `))?.slice(series.length));
}
