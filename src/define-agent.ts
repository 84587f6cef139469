import type { LanguageModelV4 } from "@ai-sdk/provider";
import { createAiSdkAgent } from "./adapters/ai-sdk/index.ts";
import { createCustomAgent } from "./adapters/custom/index.ts";
import type { CustomRun } from "./adapters/custom/index.ts";
import type { ModelAgent, Tool, ToolDefinition } from "./ports/index.ts";
import { DEFAULT_LIMITS } from "./runtime/index.ts";
import type { Agent, AgentCallbacks, AgentLimits } from "./runtime/index.ts";

/** What an agent is, as an app writes it down. */
export interface AgentDefinition extends AgentCallbacks {
  /** 1 to 64 characters of `A-Z a-z 0-9 _ -`; part of the URL, unique without regard to case. */
  readonly name: string;
  readonly description?: string;
  readonly instructions: string;
  /**
   * A model of the AI SDK, a `ModelAgent`, or a function that answers with any async iterable of text or updates.
   * Absent: the model of the host, which `holdfast serve` takes from the environment.
   */
  readonly model?: AnyModel;
  readonly tools?: Readonly<Record<string, Tool>>;
  readonly limits?: Partial<AgentLimits>;
  /**
   * What becomes of a half-written answer when its worker is lost. "restart" (default): it is withdrawn from everyone and
   * written again. "continue": it is kept and the model is asked to go on from its end, which costs fewer tokens and
   * withdraws nothing, but is best effort: a model may repeat itself or change its mind in mid-sentence.
   */
  readonly onInterrupted?: "restart" | "continue";
}

export type AnyModel = LanguageModelV4 | ModelAgent | CustomRun;

/**
 * Defines an agent. Throws TypeError when the name cannot be part of a URL, the instructions are missing, or a limit is
 * not a whole number from 1.
 */
export function defineAgent(definition: AgentDefinition): AgentDefinition {
  if (!NAME.test(definition.name)) {
    throw new TypeError(`An agent's name is 1 to 64 characters of A-Z a-z 0-9 _ - , not ${definition.name}.`);
  }
  if (typeof definition.instructions !== "string") {
    throw new TypeError(`Give the agent ${definition.name} instructions: what it is for, in words.`);
  }
  for (const [limit, value] of Object.entries(definition.limits ?? {})) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new TypeError(`${limit} of the agent ${definition.name} is a whole number from 1, not ${value}.`);
    }
  }
  return definition;
}

/**
 * Defines a tool: its schema, its code and its rules agree about the type of the input.
 *
 * @example
 * defineTool({
 *   description: "The weather at a place.",
 *   inputSchema: z.object({ place: z.string() }),
 *   execute: async ({ place }) => forecast(place),
 *   retry: "safe",
 * })
 */
export function defineTool<Input, Output>(definition: ToolDefinition<Input, Output>): Tool {
  // From here on only the schema knows the input's type, and each input is checked against it.
  return definition;
}

/** An agent ready to run, with the host's model where it names none. Throws TypeError when there is no model at all. */
export function agentFromDefinition(definition: AgentDefinition, hostModel: AnyModel | undefined): Agent {
  const model = definition.model ?? hostModel;
  if (!model) {
    throw new TypeError(
      `The agent ${definition.name} has no model: give it one, or give createHoldfast one for all.`,
    );
  }
  const { name, description, instructions, tools = {}, limits, onInterrupted = "restart" } = definition;
  const { onStreamingResponseUpdate, onAgentResponse } = definition;
  return {
    name,
    description,
    instructions,
    model: toModelAgent(model),
    tools,
    onInterrupted,
    limits: { ...DEFAULT_LIMITS, ...limits },
    callbacks: {
      ...(onStreamingResponseUpdate && { onStreamingResponseUpdate }),
      ...(onAgentResponse && { onAgentResponse }),
    },
  };
}

const NAME = /^[A-Za-z0-9_-]{1,64}$/;

function toModelAgent(model: AnyModel): ModelAgent {
  if (typeof model === "function") return createCustomAgent(model);
  return "stream" in model ? model : createAiSdkAgent(model);
}
