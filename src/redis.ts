export { createBullmqEngine } from "./adapters/bullmq/index.ts";
export type { BullmqAddress, BullmqConnection, BullmqEngineOptions } from "./adapters/bullmq/index.ts";
export {
  createRedisStore,
  parseRedisConnection,
  probeRedis,
  RedisStreamResponseHandler,
} from "./adapters/redis/index.ts";
export type {
  ReadStreamOptions,
  RedisAddress,
  RedisConnection,
  RedisStoreOptions,
  RedisStreamResponseHandlerOptions,
  StreamChunk,
} from "./adapters/redis/index.ts";
