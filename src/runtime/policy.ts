import type { RunPolicy, ToolCallPart } from "../core/index.ts";
import type { Agent } from "./agent.ts";

/** What an agent allows, in the form in which deciding asks for it. */
export function policyOf(agent: Agent): RunPolicy {
  return {
    ...agent.limits,
    onInterrupted: agent.onInterrupted,
    reattaches: agent.model.responses !== undefined,
    needsApproval: (call) => needsApproval(agent, call),
    mayRepeat: (toolName) => toolOf(agent, toolName)?.retry === "safe",
  };
}

function needsApproval(agent: Agent, call: ToolCallPart): boolean {
  const rule = toolOf(agent, call.toolName)?.needsApproval ?? false;
  if (typeof rule === "boolean") return rule;
  try {
    // The rule's own input type is not known here; a rule that cannot read what the model wrote must not let it pass.
    return rule(call.input as never);
  } catch {
    return true;
  }
}

function toolOf(agent: Agent, name: string): Agent["tools"][string] | undefined {
  return Object.hasOwn(agent.tools, name) ? agent.tools[name] : undefined;
}
