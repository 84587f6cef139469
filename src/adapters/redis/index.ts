export { createRedisStore } from "./redis-store.ts";
export type { RedisStoreOptions } from "./redis-store.ts";
export { probeRedis } from "./redis-clients.ts";
export { parseRedisConnection } from "./redis-connection.ts";
export type { RedisAddress, RedisConnection } from "./redis-connection.ts";
export { RedisStreamResponseHandler } from "./stream-response-handler.ts";
export type { ReadStreamOptions, RedisStreamResponseHandlerOptions } from "./stream-response-handler.ts";
export type { StreamChunk } from "./stream-chunks.ts";
