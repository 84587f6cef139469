import type { Retention } from "../../ports/index.ts";
import type { RedisClients } from "./redis-clients.ts";
import type { Keyspace } from "./redis-keys.ts";
import type { RedisScripts } from "./redis-scripts.ts";

/** What every part of the store works with. */
export interface RedisContext {
  readonly clients: RedisClients;
  readonly scripts: RedisScripts;
  readonly keyspace: Keyspace;
  readonly retention: Retention;
  readonly now: () => number;
}
