import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { AgentDefinition } from "../define-agent.ts";
import { ConfigurationError } from "./environment.ts";

/**
 * Loads the agents that a file exports: `agents`, or else every export that `defineAgent` made. TypeScript is loaded as
 * it is. Throws ConfigurationError when there is no such file or no agent in it; what the file itself throws passes on.
 */
export async function loadAgents(file: string): Promise<readonly AgentDefinition[]> {
  const path = resolve(file);
  if (!existsSync(path)) {
    throw new ConfigurationError(
      "agents",
      `there is no file ${file}: name one that exports \`agents\`, as in holdfast serve agents.ts.`,
    );
  }
  const exported = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  const agents = Array.isArray(exported["agents"])
    ? exported["agents"].filter(isAgent)
    : Object.values(exported).filter(isAgent);
  if (agents.length === 0) {
    throw new ConfigurationError(
      "agents",
      `${file} exports no agent: export const agents = [defineAgent({ name, instructions })].`,
    );
  }
  return agents;
}

function isAgent(value: unknown): value is AgentDefinition {
  return typeof value === "object" && value !== null && "name" in value && "instructions" in value;
}
