export { createNdjsonProjection } from "./ndjson.ts";
export type { Projection, ProjectionOptions } from "./projection.ts";
export { createSseProjection } from "./sse.ts";
export { createTextProjection, RESTARTED } from "./text.ts";
