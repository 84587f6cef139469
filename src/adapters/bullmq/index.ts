export { createBullmqEngine } from "./bullmq-engine.ts";
export type { BullmqEngineOptions } from "./bullmq-engine.ts";
export type { BullmqConnection } from "./redis-client.ts";
