import { mkdirSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { createSqliteStore } from "../../adapters/sqlite/index.ts";
import { randomId } from "../../core/index.ts";
import type { OpenSubject, StoreSubject } from "../../testing/index.ts";
import { CommandError } from "../command-error.ts";
import type { Environment } from "../environment.ts";
import { redisAdapter } from "../open-store.ts";
import { openRedisDoor } from "../redis-door.ts";
import type { RedisDoor } from "../redis-door.ts";

/** Where the laws of a store are checked: beside what is there, and gone without a trace afterwards. */
export interface StorePlace {
  /** The server or the directory, for people. */
  readonly description: string;
  /** What everything that is written there begins with, for who has to clean up after a kill. */
  readonly name: string;
  readonly open: OpenSubject<StoreSubject>;
  /** Removes what was written there, and nothing else. */
  clear(): Promise<void>;
}

export function openStorePlace(environment: Environment): Promise<StorePlace> {
  const { redisConnectionString, dataDirectory } = environment;
  return redisConnectionString === undefined
    ? openEmbeddedPlace(dataDirectory)
    : openRedisPlace(redisConnectionString);
}

async function openEmbeddedPlace(dataDirectory: string): Promise<StorePlace> {
  const name = join(resolve(dataDirectory), `holdfast-verify-${randomId()}`);
  // Of the file system of the data directory, but not in the way of a server that has it.
  const made = mkdirSync(name, { recursive: true, mode: 0o700 }) ?? name;
  let opened = 0;
  return {
    description: `SQLite in ${dataDirectory}`,
    name,
    async open(options) {
      const directory = join(name, String(++opened));
      const open = (readOnly = false) => createSqliteStore({ directory, readOnly, ...options });
      const store = await open();
      return { store, reopen: () => open(), openBeside: () => open(true), close: () => store.close() };
    },
    async clear() {
      rmSync(name, { recursive: true, force: true });
      if (made !== name) removeIfEmpty(dirname(name), dirname(made));
    },
  };
}

/** Removes the directories that were made for the place; one in which a server has begun meanwhile stays. */
function removeIfEmpty(directory: string, last: string): void {
  try {
    for (let each = directory; each !== last; each = dirname(each)) rmdirSync(each);
  } catch (error) {
    const stays = error instanceof Error && "code" in error && error.code === "ENOTEMPTY";
    if (!stays) throw error;
  }
}

async function openRedisPlace(connection: string): Promise<StorePlace> {
  const { createRedisStore } = await redisAdapter();
  const name = `holdfast-verify-${randomId()}:`;
  const door = await openRedisDoor(connection);
  let opened = 0;
  return {
    description: `Redis at ${door.address}`,
    name,
    async open(options) {
      const keyPrefix = `${name}${++opened}:`;
      const open = () => createRedisStore({ connection, keyPrefix, ...options });
      const store = await open();
      return { store, reopen: open, openBeside: open, close: () => store.close() };
    },
    async clear() {
      try {
        await removeKeys(door, name);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new CommandError(`the keys that begin with ${name} could not be removed: ${reason}`);
      } finally {
        await door.close();
      }
    },
  };
}

/** How many keys a server looks at in one go. */
const SCAN_COUNT = 1000;

async function removeKeys({ primaries }: RedisDoor, prefix: string): Promise<void> {
  for (const redis of primaries()) {
    let cursor = "0";
    do {
      const [next, found] = await redis.scan(cursor, "MATCH", `${prefix}*`, "COUNT", SCAN_COUNT);
      // One by one: on a Cluster they lie in different slots. Nothing goes that is not ours, whatever the pattern means.
      const ours = found.filter((key) => key.startsWith(prefix));
      await Promise.all(ours.map((key) => redis.del(key)));
      cursor = next;
    } while (cursor !== "0");
  }
}
