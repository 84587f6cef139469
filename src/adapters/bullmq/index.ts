export { createBullmqEngine } from "./bullmq-engine.ts";
export type { BullmqEngineOptions } from "./bullmq-engine.ts";
export type { BullmqAddress, BullmqConnection } from "./redis-client.ts";
