import { createKeyspace } from "../../adapters/redis/redis-keys.ts";
import type { ConversationKeys } from "../../adapters/redis/redis-keys.ts";
import { randomId } from "../../core/index.ts";
import type { ConversationId } from "../../core/index.ts";
import type { RedisDoor } from "../redis-door.ts";
import { ok, reasonOf, unsafe } from "./finding.ts";
import type { Finding } from "./finding.ts";

/**
 * Tries each command that the store and the engine use, on keys of their forms: a conversation that is made up, and the
 * shared keys in ways that change nothing. Nobody else looks at the made-up one, since no index names it.
 */
export async function checkRedisPermissions({
  client,
  db,
  primaries,
}: RedisDoor): Promise<readonly Finding[]> {
  const keyspace = createKeyspace({ keyPrefix: "", db });
  const nobody = `holdfast-doctor-${randomId()}`;
  const keys = keyspace.of(nobody as ConversationId);
  const sharded = primaries().length > 1 || client.isCluster;
  const queue = `{holdfast}:${nobody}`;
  const tries: readonly (readonly string[])[] = [
    ...conversationTries(keys, sharded),
    // A member that is not there, under XX and ZREM: no index changes.
    ["ZADD", keyspace.conversations, "XX", "0", nobody],
    ["ZADD", keyspace.unfinished, "XX", "0", nobody],
    ["ZRANGE", keyspace.unfinished, "0", "0"],
    ["ZSCORE", keyspace.unfinished, nobody],
    ["ZREM", keyspace.unfinished, nobody],
    ["SET", keyspace.ping, String(Date.now()), "PX", "1000"],
    ["EVAL", TRIAL_OF_QUEUE, "1", queue],
  ];
  const refused: string[] = [];
  for (const [command = "", ...args] of tries) {
    try {
      await client.call(command, ...args);
    } catch (error) {
      refused.push(`${command} ${args[0] ?? ""}: ${reasonOf(error)}`);
    }
  }
  // One by one: they lie in two slots of a Cluster.
  for (const key of [...Object.values(keys), queue]) await client.del(key).catch(() => undefined); // Refused above.
  if (refused.length === 0) {
    return [ok("permissions", "This user may run every command that Holdfast uses, on its keys.")];
  }
  return refused.map((says) =>
    unsafe(
      "permissions",
      `Redis refuses ${says}`,
      "Grant it: ACL SETUSER <user> ~* &* +@all -@dangerous +info +script",
    ),
  );
}

function conversationTries(keys: ConversationKeys, sharded: boolean): readonly (readonly string[])[] {
  const { stream, conversation, inbox, history, voided, answers, channel } = keys;
  return [
    ["XADD", stream, "1-0", "text", ""],
    ["XRANGE", stream, "-", "+", "COUNT", "1"],
    ["XREVRANGE", stream, "+", "-", "COUNT", "1"],
    ["HSET", conversation, "runs", "0"],
    ["HGET", conversation, "tip"],
    ["HMGET", conversation, "tip", "base"],
    ["HGETALL", conversation],
    ["HINCRBY", conversation, "items", "1"],
    ["HSET", inbox, "1", "{}"],
    ["HVALS", inbox],
    ["HDEL", inbox, "1"],
    ["HSET", history, "1", "{}"],
    ["HLEN", history],
    ["RPUSH", voided, "1-0 1-0"],
    ["LRANGE", voided, "0", "-1"],
    ["LLEN", voided],
    ["HSET", answers, "key", "{}"],
    ["EXISTS", stream],
    ["PEXPIRE", stream, "60000"],
    ["PERSIST", stream],
    ["PEXPIRE", stream, "60000"],
    // Within a script the user's permissions hold as well.
    ["EVAL", "return redis.call('XLEN', KEYS[1])", "1", stream],
    ["SCRIPT", "LOAD", "return 1"],
    [sharded ? "SPUBLISH" : "PUBLISH", channel, "null"],
    ["DEL", answers],
  ];
}

/** What BullMQ's scripts are made of. */
const TRIAL_OF_QUEUE = `
redis.call('ZADD', KEYS[1], 1, 'job')
redis.call('ZRANGEBYSCORE', KEYS[1], 0, 1)
return redis.call('DEL', KEYS[1])`;
