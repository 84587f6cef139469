export { ENGINE_LAWS, ENGINE_LAW_CONCURRENCY } from "./engine-laws.ts";
export type { EngineSubject } from "./engine-laws.ts";
export { eventually } from "./law.ts";
export type { Law, OpenSubject, Skipped, SubjectOptions } from "./law.ts";
export { STORE_LAWS } from "./store-laws.ts";
export type { StoreSubject } from "./store-laws.ts";
