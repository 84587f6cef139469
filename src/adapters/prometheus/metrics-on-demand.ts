import { NO_METRICS } from "../../ports/index.ts";
import type { Metrics, OpenStream } from "../../ports/index.ts";

/** Metrics that can be told of things before what keeps them is loaded. */
export interface MetricsOnDemand {
  readonly metrics: Metrics;
  /** Loads it, once. When that fails nothing is kept from then on, and this rejects. */
  readonly load: () => Promise<void>;
}

/** How many things may wait to be told before the load begins by itself. */
const MAX_WAITING = 1000;

/**
 * Keeps what it is told until `make` has answered, and then tells it on, in order. Nothing is lost by it: durations and
 * counts are part of what is told.
 */
export function createMetricsOnDemand(make: () => Promise<Metrics>): MetricsOnDemand {
  let metrics: Metrics | undefined;
  let waiting: ((metrics: Metrics) => void)[] = [];
  let loading: Promise<void> | undefined;

  function load(): Promise<void> {
    return (loading ??= make().then(use, (error: unknown) => {
      use(NO_METRICS);
      throw error;
    }));
  }

  function use(made: Metrics): void {
    metrics = made;
    const held = waiting;
    waiting = [];
    for (const told of held) told(made);
  }

  function tell(told: (metrics: Metrics) => void): void {
    if (metrics) return told(metrics);
    waiting.push(told);
    if (waiting.length === MAX_WAITING) load().catch(() => {}); // Whoever else asks for the load, or the metrics, hears of it.
  }

  function appendedEarly(append: Parameters<Metrics["appended"]>[0]): void {
    tell((to) => to.appended(append));
  }

  /** A stream that was opened before there was anyone to count it. */
  function streamOpenedEarly(format: string): OpenStream {
    let stream: OpenStream | undefined;
    tell((to) => {
      stream = to.streamOpened(format);
    });
    return {
      delivered: (entries) => tell(() => stream?.delivered(entries)),
      closed: () => tell(() => stream?.closed()),
    };
  }

  return {
    load,
    metrics: {
      runAccepted: (agent) => tell((to) => to.runAccepted(agent)),
      runEnded: (run) => tell((to) => to.runEnded(run)),
      runRecovered: (agent) => tell((to) => to.runRecovered(agent)),
      modelStepEnded: (step) => tell((to) => to.modelStepEnded(step)),
      modelTryFailed: (failure) => tell((to) => to.modelTryFailed(failure)),
      toolCallEnded: (call) => tell((to) => to.toolCallEnded(call)),
      stepReset: (reset) => tell((to) => to.stepReset(reset)),
      // Told of every token: no function for each, nor a place for what one closes over.
      appended: (append) => (metrics ? metrics.appended(append) : appendedEarly(append)),
      appendFailed: (failure) => tell((to) => to.appendFailed(failure)),
      interrupted: () => tell((to) => to.interrupted()),
      streamOpened: (format) => metrics?.streamOpened(format) ?? streamOpenedEarly(format),
      requestAnswered: (request) => tell((to) => to.requestAnswered(request)),
      async render() {
        await load();
        return metrics?.render();
      },
    },
  };
}
