import { createHoldfastClient } from "holdfast/client";
import type { HoldfastClient } from "holdfast/client";
import { createPlug } from "./plug.ts";
import type { Plug } from "./plug.ts";
import { figuresFromMetrics } from "./metrics.ts";
import type { Figures } from "./metrics.ts";

/** The console's own server: what gave this script as `/console/assets/…`, also below a path of somebody else's. */
const SERVER_URL = serverOf(import.meta.url);

function serverOf(script: string): string {
  return new URL("../..", script).href.replace(/\/$/, "");
}

/** All requests of the page go through this one cable. */
export const plug: Plug = createPlug();

export const client: HoldfastClient = createHoldfastClient({ baseUrl: SERVER_URL, fetch: plug.fetch });

export interface AgentFacts {
  readonly name: string;
}

/** The agents of the server; the first is the default. */
export async function fetchAgents(signal: AbortSignal): Promise<readonly AgentFacts[]> {
  const response = await plug.fetch(`${SERVER_URL}/api/health`, { signal });
  if (!response.ok) throw new Error(`The server answers ${response.status}.`);
  const { agents } = (await response.json()) as { readonly agents: readonly AgentFacts[] };
  return agents;
}

/** Undefined: this server keeps no metrics. */
export async function fetchFigures(signal: AbortSignal): Promise<Figures | undefined> {
  const response = await plug.fetch(`${SERVER_URL}/metrics`, { signal });
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`The server answers ${response.status}.`);
  return figuresFromMetrics(await response.text());
}
