import { flushCompileCache } from "node:module";
import { pino } from "pino";
import type { Logger as PinoLogger } from "pino";
import { createHoldfast } from "../holdfast.ts";
import { LOAD_LATER_MS } from "../load-later.ts";
import { CLOSE_LIMIT_MS, serveNode } from "../http/hosts/node-host.ts";
import { banner } from "./banner.ts";
import { ConfigurationError, readEnvironment } from "./environment.ts";
import { EXIT } from "./exit-codes.ts";
import type { Environment } from "./environment.ts";
import { loadAgents } from "./load-agents.ts";
import { modelFromEnvironment } from "./model-from-environment.ts";
import { openBackend } from "./open-backend.ts";
import { onStopSignals } from "./stop-signals.ts";

export interface ServeFlags {
  readonly port?: string;
  readonly host?: string;
  readonly data?: string;
  readonly redis?: string;
  readonly apiOnly?: boolean;
}

/** Serves the agents of a file until the process is told to stop. */
export async function serve(file: string, flags: ServeFlags): Promise<void> {
  const environment = readEnvironment({ ...process.env, ...overrides(flags) });
  const logger = createLogger(environment);
  if (flags.apiOnly === true && environment.redisConnectionString === undefined) {
    throw new ConfigurationError(
      "REDIS_CONNECTION_STRING",
      "--api-only leaves running agents to other processes, and so needs REDIS_CONNECTION_STRING.",
    );
  }
  const agents = await loadAgents(file);
  const model = await modelFromEnvironment(environment);
  const { store, engine } = await openBackend(environment, logger);
  const holdfast = createHoldfast({
    agents,
    model: model.agent,
    store,
    engine,
    logger,
    runsAgents: flags.apiOnly !== true,
  });
  await holdfast.start();
  const host = await serveNode(holdfast.fetch, {
    hostname: environment.host,
    port: environment.port,
  }).catch(async (error: unknown) => {
    await holdfast.stop({ graceMs: 0 });
    throw error;
  });
  console.log(
    banner({
      host: environment.host,
      port: host.port,
      agents: agents.map((agent) => agent.name),
      model: model.description,
      modelIsDemo: model.source === "scripted",
      store: store.description,
      engine: engine.description,
      streamTtlMs: environment.streamTtlMs,
    }),
  );
  keepCompiled();
  await onStopSignals({
    async drain() {
      const { graceMs } = environment;
      console.log(`Stopping: steps under way have ${graceMs / 1000} s to finish. Ctrl-C again ends at once.`);
      const closed = host.close(graceMs + CLOSE_LIMIT_MS);
      await holdfast.stop({ graceMs });
      await closed;
    },
  });
  // A tool that ignores its signal must not keep the process: everything that had to be stored is.
  await new Promise<void>((resolve) => {
    logger.flush(() => resolve());
  });
  process.exit(EXIT.ok);
}

/** How long after its start a server writes down what was compiled, in milliseconds: all of it is loaded by then. */
const KEEP_COMPILED_AFTER_MS = 5 * LOAD_LATER_MS;

/**
 * What bin/holdfast.js has Node keep of a process is written at its exit, and a server that is killed has none. Does
 * nothing where nothing is kept.
 */
function keepCompiled(): void {
  setTimeout(flushCompileCache, KEEP_COMPILED_AFTER_MS).unref();
}

function overrides({ port, host, data, redis }: ServeFlags): Record<string, string> {
  return {
    ...(port !== undefined && { PORT: port }),
    ...(host !== undefined && { HOLDFAST_HOST: host }),
    ...(data !== undefined && { HOLDFAST_DATA_DIR: data }),
    ...(redis !== undefined && { REDIS_CONNECTION_STRING: redis }),
  };
}

/** Logs go to standard error: JSON lines for machines, readable lines on a terminal. */
function createLogger({ logLevel }: Environment): PinoLogger {
  const options = { level: logLevel, errorKey: "error", serializers: { error: pino.stdSerializers.err } };
  const target = process.stderr.isTTY
    ? { target: "pino-pretty", options: { destination: 2, ignore: "pid,hostname" } }
    : { target: "pino/file", options: { destination: 2 } };
  return pino({ ...options, transport: target });
}
