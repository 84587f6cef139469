export { createPrometheusMetrics } from "./prometheus-metrics.ts";
