import { hostname } from "node:os";
import { createLocalEngine } from "./adapters/local/index.ts";
import { createMetricsOnDemand } from "./adapters/prometheus/index.ts";
import { AgentError, randomId } from "./core/index.ts";
import { agentFromDefinition } from "./define-agent.ts";
import type { AgentDefinition, AnyModel } from "./define-agent.ts";
import { createHandler, DEFAULT_HTTP_SETTINGS, errorResponse, ON_DEMAND } from "./http/index.ts";
import type { Handler, HttpSettings } from "./http/index.ts";
import { consoleOnDisk } from "./http/hosts/console-on-disk.ts";
import { loadLater } from "./load-later.ts";
import { SILENT } from "./ports/index.ts";
import type { ConversationStore, Logger, Metrics, RunEngine } from "./ports/index.ts";
import {
  createAgentRegistry,
  createDrive,
  createInboxRounds,
  createLiveConversations,
  runtimeLimits,
  startSweeper,
} from "./runtime/index.ts";
import type { AgentCallbacks, Runtime, RuntimeLimits, ToolSchemas } from "./runtime/index.ts";

export interface HoldfastOptions extends AgentCallbacks {
  /** At least one; the first is the default. */
  readonly agents: readonly AgentDefinition[];
  /** For agents that name no model of their own. */
  readonly model?: AnyModel;
  readonly store: ConversationStore;
  /** Default: the local engine, for one process. */
  readonly engine?: RunEngine;
  /** Whether this process runs agents, or only answers requests and leaves running to others. Default true. */
  readonly runsAgents?: boolean;
  readonly logger?: Logger;
  /** Default: Prometheus', served at `/metrics`; `NO_METRICS` keeps none. */
  readonly metrics?: Metrics;
  readonly limits?: Partial<RuntimeLimits>;
  readonly http?: Partial<Omit<HttpSettings, "draining" | "closing" | "console">>;
  /** Whether the web console is served, at `/` and `/console/assets/`. Default true. */
  readonly console?: boolean;
  /** The clock, in milliseconds since 1970. Default `Date.now`. */
  readonly now?: () => number;
}

/** A server of agents, as one function of a request. */
export interface Holdfast {
  /** Answers a request. Begins to run agents with the first, unless `start` did before. */
  readonly fetch: Handler;
  /** Begins to run agents, and takes up what a crash left unfinished. Calling it again does nothing more. */
  start(): Promise<void>;
  /**
   * Takes no new work, lets steps under way finish within the grace, resets the streams that have not ended, closes the
   * store. Runs that have not ended go on with the next start.
   */
  stop(options?: { readonly graceMs?: number }): Promise<void>;
  readonly store: ConversationStore;
}

/** How long steps under way have to finish when the server stops, in milliseconds, by default. */
export const DEFAULT_GRACE_MS = 10_000;

/** Puts agents, a store and an engine together. Throws TypeError when the agents do not fit together, or for a bad limit. */
export function createHoldfast(options: HoldfastOptions): Holdfast {
  const { store, engine = createLocalEngine(), logger = SILENT, now = Date.now } = options;
  const prometheus = createMetricsOnDemand(prometheusMetrics);
  const { metrics = prometheus.metrics } = options;
  const { onStreamingResponseUpdate, onAgentResponse } = options;
  const runtime: Runtime = {
    store,
    live: createLiveConversations(store),
    engine,
    inboxRounds: createInboxRounds(),
    agents: createAgentRegistry(options.agents.map((agent) => agentFromDefinition(agent, options.model))),
    callbacks: {
      ...(onStreamingResponseUpdate && { onStreamingResponseUpdate }),
      ...(onAgentResponse && { onAgentResponse }),
    },
    toolSchemas: TOOL_SCHEMAS,
    logger,
    metrics,
    limits: runtimeLimits(options.limits),
    worker: `${hostname()}:${process.pid}:${randomId().slice(0, 8)}`,
    now,
  };
  const draining = new AbortController();
  const closing = new AbortController();
  const handler = createHandler(runtime, {
    ...DEFAULT_HTTP_SETTINGS,
    ...options.http,
    ...(options.console !== false && { console: consoleOnDisk() }),
    draining: draining.signal,
    closing: closing.signal,
  });
  const parts = [...PARTS, ...(options.metrics ? [] : [prometheus.load]), ...ON_DEMAND];
  let started: Promise<Started> | undefined;

  /** A start that failed, as when the store is away, may be tried again. */
  const start = (): Promise<Started> =>
    (started ??= begin(runtime, options.runsAgents ?? true, parts).catch((error: unknown) => {
      started = undefined;
      throw error;
    }));

  return {
    store,
    fetch: async (request) => {
      try {
        await start();
      } catch (error) {
        logger.error({ error }, "could not start");
        return errorResponse(AgentError.from(error));
      }
      return handler(request);
    },
    start: async () => {
      await start();
    },
    async stop({ graceMs = DEFAULT_GRACE_MS } = {}) {
      draining.abort();
      // A start that failed leaves nothing to stop, and the rest to close all the same.
      const running = await started?.catch(() => undefined);
      await running?.stop();
      await engine.stop({ graceMs });
      closing.abort();
      await store.close();
    },
  };
}

/** What is under way besides answers, from the start on. */
interface Started {
  stop(): Promise<void>;
}

async function begin(
  runtime: Runtime,
  runsAgents: boolean,
  parts: readonly (() => Promise<unknown>)[],
): Promise<Started> {
  if (runsAgents) await runtime.engine.start(createDrive(runtime));
  const sweeper = startSweeper(runtime);
  const later = loadLater(parts, runtime.logger);
  return {
    async stop() {
      later.stop();
      await sweeper.stop();
    },
  };
}

function toolSchemas(): Promise<typeof import("./adapters/ai-sdk/tool-schema.ts")> {
  return import("./adapters/ai-sdk/tool-schema.ts");
}

async function prometheusMetrics(): Promise<Metrics> {
  const { createPrometheusMetrics } = await import("./adapters/prometheus/prometheus-metrics.ts");
  return createPrometheusMetrics();
}

/** What the first step of a run may need, and the first request does not; the other parts are those of the handler. */
const PARTS = [
  toolSchemas,
  () => import("./adapters/ai-sdk/stream-step.ts"),
  () => import("./adapters/scripted/reply.ts"),
  () => import("./adapters/scripted/stream-parts.ts"),
  () => import("./adapters/openai-background/background-responses.ts"),
];

/** Loaded with the first agent that has tools. */
const TOOL_SCHEMAS: ToolSchemas = {
  async describe(tools) {
    return Object.keys(tools).length === 0 ? [] : (await toolSchemas()).describeTools(tools);
  },
  validate: async (tool, input) => (await toolSchemas()).validateToolInput(tool, input),
};
