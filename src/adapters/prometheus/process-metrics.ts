import { collectDefaultMetrics, Registry } from "prom-client";

let registry: Registry | undefined;

/**
 * CPU, memory, garbage collection and event loop of this process, under the names that dashboards know
 * (`process_…`, `nodejs_…`). One registry for the whole process: prom-client's observers are never taken down again.
 */
export function processMetrics(): Registry {
  if (!registry) {
    registry = new Registry();
    collectDefaultMetrics({ register: registry });
  }
  return registry;
}
