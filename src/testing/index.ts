export { eventually } from "./law.ts";
export type { Law, OpenSubject, SubjectOptions } from "./law.ts";
export { STORE_LAWS } from "./store-laws.ts";
export type { StoreSubject } from "./store-laws.ts";
