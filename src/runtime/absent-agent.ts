import { AgentError } from "../core/index.ts";
import { DEFAULT_LIMITS } from "./agent.ts";
import type { Agent } from "./agent.ts";

/**
 * Stands for an agent that this process no longer has: a run accepted for it must end all the same (L10), and the only
 * thing that can be said of it is that.
 */
export function absentAgent(name: string): Agent {
  return {
    name,
    description: undefined,
    instructions: "",
    model: {
      description: "absent",
      // oxlint-disable-next-line require-yield -- it has nothing to say
      async *stream() {
        throw new AgentError("agent_not_found", `The agent ${name} is no longer served.`);
      },
    },
    tools: {},
    onInterrupted: "restart",
    limits: DEFAULT_LIMITS,
    callbacks: {},
  };
}
