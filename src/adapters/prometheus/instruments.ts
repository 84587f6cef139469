import { Counter, Gauge, Histogram } from "prom-client";
import type { Registry } from "prom-client";
import { SeriesHistogram } from "./series-histogram.ts";

/** Every series that Holdfast exposes. Names and labels are part of what users rely on. */
export interface Instruments {
  readonly runsAccepted: Counter<"agent">;
  readonly runsEnded: Counter<"agent" | "status">;
  readonly runDuration: Histogram<"agent">;
  readonly runsRecovered: Counter<"agent">;
  readonly modelStepDuration: Histogram<"agent">;
  readonly modelFailures: Counter<"agent" | "code">;
  readonly toolCalls: Counter<"agent" | "tool" | "outcome">;
  readonly toolCallDuration: Histogram<"agent" | "tool">;
  readonly stepResets: Counter<"agent" | "reason">;
  readonly appendDuration: SeriesHistogram;
  readonly appendEntries: SeriesHistogram;
  readonly appendFailures: Counter<"code">;
  readonly interrupts: Counter;
  readonly openStreams: Gauge<"format">;
  readonly streamEntries: Counter<"format">;
  readonly requests: Counter<"method" | "route" | "status">;
  readonly requestDuration: Histogram<"method" | "route">;
}

/** Bucket bounds, in seconds, from what `bench/results` shows each to take. */
const RUN_SECONDS = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600];
const STEP_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160];
const TOOL_SECONDS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const APPEND_SECONDS = [0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2, 10];
const REQUEST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 60];
/** An append carries at most 256 entries. */
const APPEND_ENTRIES = [1, 2, 4, 8, 16, 32, 64, 128, 256];

export function createInstruments(registry: Registry): Instruments {
  const registers = [registry];
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> =>
    new Counter({ name: `holdfast_${name}`, help, labelNames, registers });
  const histogram = <Label extends string>(
    name: string,
    help: string,
    labelNames: Label[],
    buckets: number[],
  ): Histogram<Label> => new Histogram({ name: `holdfast_${name}`, help, labelNames, buckets, registers });
  return {
    runsAccepted: counter("runs_accepted_total", "Runs accepted by this process.", ["agent"]),
    runsEnded: counter("runs_ended_total", "Runs that came to their end in this process.", [
      "agent",
      "status",
    ]),
    runDuration: histogram(
      "run_duration_seconds",
      "From the acceptance of a run to its end, waiting included.",
      ["agent"],
      RUN_SECONDS,
    ),
    runsRecovered: counter(
      "runs_recovered_total",
      "Runs that this process took over from a worker that died or was stopped.",
      ["agent"],
    ),
    modelStepDuration: histogram(
      "model_step_duration_seconds",
      "Model calls that came to their end, from the call to the last token.",
      ["agent"],
      STEP_SECONDS,
    ),
    modelFailures: counter("model_failures_total", "Tries of model calls that failed, by error code.", [
      "agent",
      "code",
    ]),
    toolCalls: counter("tool_calls_total", "Tool calls, by how they ended.", ["agent", "tool", "outcome"]),
    toolCallDuration: histogram(
      "tool_call_duration_seconds",
      "Tool calls that were executed.",
      ["agent", "tool"],
      TOOL_SECONDS,
    ),
    stepResets: counter("step_resets_total", "Steps withdrawn and begun again.", ["agent", "reason"]),
    appendDuration: new SeriesHistogram({
      name: "holdfast_append_duration_seconds",
      help: "One append to the store, until it was acknowledged.",
      buckets: APPEND_SECONDS,
    }),
    appendEntries: new SeriesHistogram({
      name: "holdfast_append_entries",
      help: "Entries in one append.",
      buckets: APPEND_ENTRIES,
    }),
    appendFailures: counter("append_failures_total", "Tries of appends that failed, by error code.", [
      "code",
    ]),
    interrupts: counter("interrupts_total", "Workers told to look at an inbox: cancels and approvals.", []),
    openStreams: new Gauge({
      name: "holdfast_open_streams",
      help: "Streams that clients are reading now.",
      labelNames: ["format"],
      registers,
    }),
    streamEntries: counter("stream_entries_total", "Log entries turned into bytes for readers.", ["format"]),
    requests: counter("http_requests_total", "Requests answered, by route template.", [
      "method",
      "route",
      "status",
    ]),
    requestDuration: histogram(
      "http_request_duration_seconds",
      "Until the head of the answer was ready; the body of a stream comes after.",
      ["method", "route"],
      REQUEST_SECONDS,
    ),
  };
}
