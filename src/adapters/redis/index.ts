export { createRedisStore } from "./redis-store.ts";
export type { RedisStoreOptions } from "./redis-store.ts";
export { parseRedisConnection } from "./redis-connection.ts";
export type { RedisConnection } from "./redis-connection.ts";
export { RedisStreamResponseHandler } from "./stream-response-handler.ts";
export type { ReadStreamOptions, RedisStreamResponseHandlerOptions } from "./stream-response-handler.ts";
export type { StreamChunk } from "./stream-chunks.ts";
