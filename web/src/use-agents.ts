import { useEffect, useState } from "react";
import { fetchAgents } from "./server.ts";
import type { AgentFacts } from "./server.ts";
import { retrying } from "./retrying.ts";

/** The agents of the server; undefined until it has answered. It is asked until it does. */
export function useAgents(): readonly AgentFacts[] | undefined {
  const [agents, setAgents] = useState<readonly AgentFacts[]>();
  useEffect(() => retrying(async (signal) => setAgents(await fetchAgents(signal))), []);
  return agents;
}
