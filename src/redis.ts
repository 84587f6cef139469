export { createBullmqEngine } from "./adapters/bullmq/index.ts";
export type { BullmqConnection, BullmqEngineOptions } from "./adapters/bullmq/index.ts";
export {
  createRedisStore,
  parseRedisConnection,
  RedisStreamResponseHandler,
} from "./adapters/redis/index.ts";
export type {
  ReadStreamOptions,
  RedisConnection,
  RedisStoreOptions,
  RedisStreamResponseHandlerOptions,
  StreamChunk,
} from "./adapters/redis/index.ts";
