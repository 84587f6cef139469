import { z } from "zod";
import { defineAgent, defineTool } from "../../src/index.ts";
import type { AgentDefinition } from "../../src/index.ts";

/** For `holdfast serve` with a model from the environment. */
export const agents: readonly AgentDefinition[] = [
  defineAgent({
    name: "Writer",
    instructions: "Write what you are told to.",
    tools: {
      weather: defineTool({
        description: "The weather in a city.",
        inputSchema: z.object({ city: z.string() }),
        execute: ({ city }) => `It rains in ${city}.`,
      }),
    },
  }),
];
