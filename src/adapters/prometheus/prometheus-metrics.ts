import { Registry } from "prom-client";
import type { Metrics, OpenStream } from "../../ports/index.ts";
import { createInstruments } from "./instruments.ts";
import { processMetrics } from "./process-metrics.ts";

/**
 * Metrics in Prometheus' text format, as `GET /metrics` gives them: ours as `holdfast_…`, and those of the process. Each
 * call makes its own; nothing is added to prom-client's global registry.
 */
export function createPrometheusMetrics(): Metrics {
  const registry = new Registry();
  const to = createInstruments(registry);
  const all = Registry.merge([registry, processMetrics()]);
  const formats = new Map<string, CountedStreams>();

  /** One for all streams of a format. Each delivery to each viewer is counted: a label's hash would cost more than the count. */
  function streamsOf(format: string): CountedStreams {
    let delivered = 0;
    return {
      delivered(entries) {
        delivered += entries;
      },
      closed: () => to.openStreams.dec({ format }),
      tell() {
        to.streamEntries.inc({ format }, delivered);
        delivered = 0;
      },
    };
  }

  return {
    runAccepted: (agent) => to.runsAccepted.inc({ agent }),
    runEnded({ agent, status, durationMs }) {
      to.runsEnded.inc({ agent, status });
      to.runDuration.observe({ agent }, seconds(durationMs));
    },
    runRecovered: (agent) => to.runsRecovered.inc({ agent }),
    modelStepEnded: ({ agent, durationMs }) => to.modelStepDuration.observe({ agent }, seconds(durationMs)),
    modelTryFailed: ({ agent, code }) => to.modelFailures.inc({ agent, code }),
    toolCallEnded({ agent, tool, outcome, durationMs }) {
      to.toolCalls.inc({ agent, tool, outcome });
      if (durationMs !== undefined) to.toolCallDuration.observe({ agent, tool }, seconds(durationMs));
    },
    stepReset: ({ agent, reason }) => to.stepResets.inc({ agent, reason }),
    appended({ entries, durationMs }) {
      to.appendDuration.observe(seconds(durationMs));
      to.appendEntries.observe(entries);
    },
    appendFailed: ({ code }) => to.appendFailures.inc({ code }),
    interrupted: () => to.interrupts.inc(),
    streamOpened(format) {
      to.openStreams.inc({ format });
      const streams = formats.get(format) ?? streamsOf(format);
      formats.set(format, streams);
      return streams;
    },
    requestAnswered({ method, route, status, durationMs }) {
      to.requests.inc({ method, route, status });
      to.requestDuration.observe({ method, route }, seconds(durationMs));
    },
    async render() {
      for (const streams of formats.values()) streams.tell();
      const appends = `${to.appendDuration.render()}\n${to.appendEntries.render()}`;
      return { contentType: all.contentType, body: `${await all.metrics()}\n${appends}` };
    },
  };
}

interface CountedStreams extends OpenStream {
  /** Hands what was counted since to the registry. */
  readonly tell: () => void;
}

/** Clocks may be set back: a negative duration would make a histogram's sum fall, which Prometheus takes for a restart. */
function seconds(milliseconds: number): number {
  return Math.max(0, milliseconds) / 1000;
}
