import type { CommandClient } from "./redis-clients.ts";

/** Runs Lua scripts by their hash. */
export interface RedisScripts {
  /** Rejects with what Redis answered; the reply is as the script gives it. */
  run(lua: string, keys: readonly string[], args: readonly string[]): Promise<unknown>;
}

export function createRedisScripts(client: CommandClient): RedisScripts {
  const hashes = new Map<string, Promise<string>>();

  function hashOf(lua: string): Promise<string> {
    const known = hashes.get(lua);
    if (known) return known;
    const loading = client.script("LOAD", lua).then(String);
    hashes.set(lua, loading);
    loading.catch(() => hashes.delete(lua)); // The caller gets the error; the next one tries again.
    return loading;
  }

  return {
    async run(lua, keys, args) {
      const hash = await hashOf(lua);
      try {
        return await client.evalsha(hash, keys.length, ...keys, ...args);
      } catch (error) {
        if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
        // The server was restarted or is another one: EVAL runs the script and lets it remember it.
        return client.eval(lua, keys.length, ...keys, ...args);
      }
    },
  };
}

/** The reply of a script that answers with a list of strings, the first saying what happened. */
export function wordsOf(reply: unknown): readonly string[] {
  if (Array.isArray(reply)) return reply.map(String);
  throw new Error("A script of Holdfast gave an answer of another form.");
}
