import { findRedisServer } from "./redis-server.ts";

/** Makes sure, once and before any test file runs, that there is a Redis server to start: installs it where it can. */
export function setup(): void {
  findRedisServer();
}
