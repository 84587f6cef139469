import { createHash } from "node:crypto";
import { encodeWords } from "./command-encoder.ts";
import type { EncodedWords } from "./command-encoder.ts";
import type { Request } from "./resp-connection.ts";
import type { RoutedConnections } from "./routed-connections.ts";
import { valueFromReply } from "./resp-reader.ts";
import type { RespValue } from "./resp-reader.ts";

/** Runs Lua scripts by their hash, where their first key is. */
export interface RedisScripts {
  /** Rejects with what Redis answered; the reply is as the script gives it. */
  run(lua: string, keys: readonly string[], args: readonly string[]): Promise<RespValue>;
  /** What `run` would send first: worth keeping for a script that runs again and again on keys and with arguments that begin alike. */
  prepare(lua: string, keys: readonly string[], args: readonly string[]): PreparedScript;
  runPrepared(script: PreparedScript, args: readonly string[]): Promise<RespValue>;
  /** Sends a request that encodes the script by itself, where a key is. A server that does not know the script refuses it. */
  submitPrepared(key: string, request: Request): void;
}

export interface PreparedScript {
  readonly lua: string;
  readonly keys: readonly string[];
  readonly args: readonly string[];
  readonly begin: EncodedWords;
}

export function createRedisScripts(connections: RoutedConnections): RedisScripts {
  const hashes = new Map<string, string>();

  function hashOf(lua: string): string {
    let hash = hashes.get(lua);
    if (hash === undefined) {
      hash = createHash("sha1").update(lua).digest("hex");
      hashes.set(lua, hash);
    }
    return hash;
  }

  function prepare(lua: string, keys: readonly string[], args: readonly string[]): PreparedScript {
    const begin = encodeWords(["EVALSHA", hashOf(lua), String(keys.length), ...keys, ...args]);
    return { lua, keys, args, begin };
  }

  function send(
    { lua, keys }: Pick<PreparedScript, "lua" | "keys">,
    sent: readonly string[],
    args: readonly string[],
    begin?: EncodedWords,
  ): Promise<RespValue> {
    const [key = ""] = keys;
    const recover = (error: Error): Promise<RespValue> => {
      if (!error.message.startsWith("NOSCRIPT")) return Promise.reject(error);
      // The server has never heard of it, or was restarted: EVAL runs the script and lets it remember it.
      const words = ["EVAL", lua, String(keys.length), ...keys, ...args];
      return connections.send(key, { words, decode: valueFromReply });
    };
    return connections.send(key, { begin, words: sent, decode: valueFromReply, recover });
  }

  return {
    run: (lua, keys, args) =>
      send({ lua, keys }, ["EVALSHA", hashOf(lua), String(keys.length), ...keys, ...args], args),
    prepare,
    runPrepared: (script, args) => send(script, args, [...script.args, ...args], script.begin),
    submitPrepared: (key, request) => connections.submit(key, request),
  };
}

/** The reply of a script that answers with a list of strings, the first saying what happened. */
export function wordsOf(reply: RespValue): readonly string[] {
  if (Array.isArray(reply)) return reply.map(String);
  throw new Error("A script of Holdfast gave an answer of another form.");
}
