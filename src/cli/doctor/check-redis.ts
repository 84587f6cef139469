import type { Redis } from "ioredis";
import { AgentError } from "../../core/index.ts";
import { openRedisDoor } from "../redis-door.ts";
import type { RedisDoor } from "../redis-door.ts";
import { ok, unsafe } from "./finding.ts";
import type { Finding } from "./finding.ts";
import { checkRedisPermissions } from "./check-redis-permissions.ts";
import { readRedisFacts } from "./redis-facts.ts";
import { judgeRedisFacts } from "./redis-findings.ts";

/** A Redis as Holdfast would use it. Leaves nothing behind. */
export async function checkRedis(connectionString: string): Promise<readonly Finding[]> {
  let door: RedisDoor;
  try {
    door = await openRedisDoor(connectionString);
  } catch (error) {
    // Wrong in form: the check of the environment does not look into it.
    const message = error instanceof TypeError ? error.message : readable(error);
    return [
      unsafe("redis", message, "Correct REDIS_CONNECTION_STRING, start the server, or look at the network."),
    ];
  }
  try {
    const { address, primaries } = door;
    const nodes = primaries();
    const each = await Promise.all(nodes.map((node) => checkNode(node, nodes.length > 1)));
    return [
      ok("redis", `Redis at ${address} answers${nodes.length > 1 ? `, ${nodes.length} primaries` : ""}.`),
      ...each.flat(),
      ...(await checkRedisPermissions(door)),
    ];
  } finally {
    await door.close();
  }
}

/** Of several nodes each finding says of which it is. */
async function checkNode(redis: Redis, named: boolean): Promise<readonly Finding[]> {
  const findings = judgeRedisFacts(await readRedisFacts(redis));
  if (!named) return findings;
  const { host, port } = redis.options;
  return findings.map((finding) => ({ ...finding, says: `${host}:${port}: ${finding.says}` }));
}

function readable(error: unknown): string {
  if (AgentError.isInstance(error)) return error.message;
  return error instanceof Error ? error.message : String(error);
}
