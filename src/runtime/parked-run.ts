import { nextStep } from "../core/index.ts";
import { absentAgent } from "./absent-agent.ts";
import type { LoadedRun } from "./load-run.ts";
import { policyOf } from "./policy.ts";
import type { Runtime } from "./runtime.ts";

/** A run that nothing but a person's answer can bring on. */
export interface ParkedRun {
  /** When the first request expires, in milliseconds since 1970, if one does. */
  readonly until: number | undefined;
}

/**
 * Whether a run waits for a person: it is left alone, nobody needs to hold it, so no attempt begins (L13). Asked is what
 * the next attempt would do, since the calls that the last one began are over with it: taken for its own, a crash in the
 * middle of a tool would look like a wait for a person, and never end (L10).
 */
export function parkedRun(
  { agents, now }: Runtime,
  { conversation, state }: Pick<LoadedRun, "conversation" | "state">,
): ParkedRun | undefined {
  if (state.start === undefined) return undefined;
  // A person may be waited for where the agent is not served, too: whoever serves it goes on with the answer.
  const agent = agents.find(conversation.agent) ?? absentAgent(conversation.agent);
  const next = { ...state, attempt: state.attempt + 1 };
  const decision = nextStep(next, conversation.inbox, policyOf(agent), now());
  return decision.kind === "await-approval" ? { until: decision.until } : undefined;
}
