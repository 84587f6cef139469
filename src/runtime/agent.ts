import type { RunPolicy } from "../core/index.ts";
import type { ModelAgent, Tool } from "../ports/index.ts";
import type { AgentCallbacks } from "./callbacks.ts";

/** An agent that the runtime can run: what `defineAgent` gives once its model is settled. */
export interface Agent {
  /** Unique without regard to case; part of the URL. */
  readonly name: string;
  readonly description: string | undefined;
  readonly instructions: string;
  readonly model: ModelAgent;
  readonly tools: Readonly<Record<string, Tool>>;
  /** What becomes of an answer when its worker is lost: see `RunPolicy`. */
  readonly onInterrupted: RunPolicy["onInterrupted"];
  readonly limits: AgentLimits;
  readonly callbacks: AgentCallbacks;
}

/** What one run of an agent may use, each with a default that most agents can keep. */
export interface AgentLimits extends Pick<
  RunPolicy,
  "maxSteps" | "maxTokens" | "runTimeoutMs" | "maxAttemptsWithoutProgress"
> {
  /** How often one model step is tried before the run fails; retryable errors only. */
  readonly maxModelTries: number;
  /** How long a model may say nothing before its call counts as broken off, in milliseconds. */
  readonly modelIdleTimeoutMs: number;
}

export const DEFAULT_LIMITS: AgentLimits = {
  maxSteps: 50,
  maxTokens: Number.MAX_SAFE_INTEGER,
  runTimeoutMs: 60 * 60 * 1000,
  maxAttemptsWithoutProgress: 5,
  maxModelTries: 4,
  modelIdleTimeoutMs: 5 * 60 * 1000,
};

/** The agents of a server, by name without regard to case. The first is the default. */
export interface AgentRegistry {
  readonly all: readonly Agent[];
  readonly first: Agent;
  find(name: string): Agent | undefined;
}

/** Throws TypeError when there is no agent or two share a name. */
export function createAgentRegistry(agents: readonly Agent[]): AgentRegistry {
  const [first] = agents;
  if (!first)
    throw new TypeError("Pass at least one agent, as in createHoldfast({ agents: [travelPlanner] }).");
  const byName = new Map<string, Agent>();
  for (const agent of agents) {
    const key = agent.name.toLowerCase();
    if (byName.has(key))
      throw new TypeError(`Two agents are named ${agent.name}; names differ by more than case.`);
    byName.set(key, agent);
  }
  return { all: agents, first, find: (name) => byName.get(name.toLowerCase()) };
}
