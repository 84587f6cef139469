export { createMetricsOnDemand } from "./metrics-on-demand.ts";
export type { MetricsOnDemand } from "./metrics-on-demand.ts";
