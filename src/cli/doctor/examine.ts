import type { Environment } from "../environment.ts";
import { environmentWith } from "../open-store.ts";
import type { StoreFlags } from "../open-store.ts";
import { checkEmbedded } from "./check-embedded.ts";
import { checkEnvironment, checkNode } from "./check-host.ts";
import { checkModel } from "./check-model.ts";
import { checkRedis } from "./check-redis.ts";
import type { Finding } from "./finding.ts";

export interface Examination extends StoreFlags {
  /** Whether to ask the model for a word. */
  readonly callModel?: boolean;
}

/** Looks at everything that a server needs, as far as the configuration can be read. */
export async function examine(flags: Examination): Promise<readonly Finding[]> {
  const { environment, finding } = checkEnvironment(environmentWith(flags));
  if (!environment) return [checkNode(), finding];
  return [
    checkNode(),
    finding,
    ...(await checkStore(environment)),
    ...(await checkModel(environment, { call: flags.callModel === true })),
  ];
}

function checkStore({ redisConnectionString, dataDirectory }: Environment): Promise<readonly Finding[]> {
  return redisConnectionString === undefined
    ? checkEmbedded(dataDirectory)
    : checkRedis(redisConnectionString);
}
