export { createNdjsonProjection } from "./ndjson.ts";
export type { ProjectedEntry, Projection, ProjectionOptions } from "./projection.ts";
export { createSseProjection, RECONNECT_MS } from "./sse.ts";
export { createTextProjection, RESTARTED } from "./text.ts";
