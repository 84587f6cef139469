export { createNdjsonProjection } from "./ndjson.ts";
export type { Projection, ProjectionOptions } from "./projection.ts";
export { createSseProjection, RECONNECT_MS } from "./sse.ts";
export { createTextProjection, RESTARTED } from "./text.ts";
