import type { JsonObject } from "../../core/index.ts";
import type { Agent } from "../../runtime/index.ts";

const INPUT: JsonObject = {
  type: "object",
  properties: {
    query: { type: "string", minLength: 1, description: "What to say to the agent." },
    threadId: {
      type: "string",
      description:
        "The conversation to go on with, as an earlier result named it; without it a new one begins.",
    },
  },
  required: ["query"],
};

const OUTPUT: JsonObject = {
  type: "object",
  properties: {
    threadId: { type: "string", description: "The conversation: name it to go on with it." },
    runId: { type: "string" },
    status: { type: "string", enum: ["completed", "failed", "cancelled", "incomplete"] },
    reason: { type: "string", description: "Why it did not complete." },
  },
  required: ["threadId", "runId", "status"],
};

/** An agent as a tool of its name. */
export function agentTool({ name, description }: Agent): JsonObject {
  return {
    name,
    description: description ?? `Asks the agent ${name}.`,
    inputSchema: INPUT,
    outputSchema: OUTPUT,
  };
}
