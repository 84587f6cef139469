import { ConfigurationError, readEnvironment } from "../environment.ts";
import type { Environment } from "../environment.ts";
import { ok, unsafe } from "./finding.ts";
import type { Finding } from "./finding.ts";

/** The oldest Node that loads TypeScript as it is and has the SQLite that the embedded store needs. */
const OLDEST_NODE = [22, 18] as const;

export function checkNode(version: string = process.versions.node): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isOld = major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1]);
  if (!isOld) return ok("node", `Node ${version}`);
  return unsafe("node", `Node ${version} is too old.`, `Install Node ${OLDEST_NODE.join(".")} or newer.`);
}

/** The environment, when it can be read at all, and what is to be said of it. */
export function checkEnvironment(env: Readonly<Record<string, string | undefined>>): {
  readonly environment: Environment | undefined;
  readonly finding: Finding;
} {
  try {
    const environment = readEnvironment(env);
    const place = environment.redisConnectionString === undefined ? "the embedded store" : "Redis";
    return { environment, finding: ok("environment", `The configuration can be read; it names ${place}.`) };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const finding = unsafe("environment", error.message, `Correct ${error.variable}, or unset it.`);
    return { environment: undefined, finding };
  }
}
