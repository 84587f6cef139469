export { createHandler, DEFAULT_HTTP_SETTINGS } from "./handler.ts";
export type { Handler } from "./handler.ts";
export { ON_DEMAND } from "./on-demand.ts";
export type { Call, HttpSettings, Route } from "./route.ts";
export { errorResponse } from "./json-response.ts";
