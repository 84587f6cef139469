import type { ConversationStore, Logger, Metrics, RunEngine } from "../ports/index.ts";
import type { AgentRegistry } from "./agent.ts";
import type { AgentCallbacks } from "./callbacks.ts";
import type { InboxRounds } from "./inbox-rounds.ts";
import type { LiveConversations } from "./live-conversations.ts";
import type { ToolSchemas } from "./tool-schemas.ts";

/** Everything the use cases work with. */
export interface Runtime {
  readonly store: ConversationStore;
  /** What is stored in this process's sight, for all its readers. */
  readonly live: LiveConversations;
  readonly engine: RunEngine;
  /** In case the engine has lost an interrupt. */
  readonly inboxRounds: InboxRounds;
  readonly agents: AgentRegistry;
  /** For all agents; an agent's own come after. */
  readonly callbacks: AgentCallbacks;
  readonly toolSchemas: ToolSchemas;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly limits: RuntimeLimits;
  /** Names this process in the log. */
  readonly worker: string;
  readonly now: () => number;
}

export interface RuntimeLimits {
  /** How many runs may wait in one conversation; one more is refused with `queue_full`. Default 32. */
  readonly maxWaitingRuns: number;
  /** How long a request that wants the answer itself waits for it, in milliseconds. Default 60 s. */
  readonly waitForResponseMs: number;
  /**
   * For how long the pieces of an answer may be gathered before they are stored together, in milliseconds: fewer, larger
   * appends for those who pay a store by the request, and readers see the answer in larger pieces. What anything waits
   * for is stored at once. Default 0: nothing is held back.
   */
  readonly appendWindowMs: number;
}

export const DEFAULT_RUNTIME_LIMITS: RuntimeLimits = {
  maxWaitingRuns: 32,
  waitForResponseMs: 60_000,
  appendWindowMs: 0,
};

/** The largest wait of a timer, in milliseconds: Node takes more than that for nothing at all. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The limits with their defaults. Throws TypeError for what is not one. */
export function runtimeLimits(given: Partial<RuntimeLimits> = {}): RuntimeLimits {
  const limits = { ...DEFAULT_RUNTIME_LIMITS, ...given };
  for (const [name, value] of Object.entries(limits)) {
    if (Number.isInteger(value) && value >= 0 && value <= MAX_TIMER_MS) continue;
    throw new TypeError(`limits.${name} is a whole number from 0 to ${MAX_TIMER_MS}, not ${value}.`);
  }
  return limits;
}
