export { createLocalEngine } from "./local-engine.ts";
export type { LocalEngineOptions } from "./local-engine.ts";
