import { AgentError } from "../../core/index.ts";
import { settlesWithin } from "../local/settles-within.ts";

/** How many calls may wait for Redis in one process; past it they are refused at once. */
export const MAX_CALLS_PENDING = 10_000;

/** Calls to Redis that are given up as `store_unavailable` after a limit, and are limited in number. */
export interface BoundedCalls {
  /** What is given up may still happen: calls must be harmless when repeated. */
  run<Value>(what: string, limitMs: number, call: () => Promise<Value>): Promise<Value>;
  /** Resolves when no call is pending. */
  settled(): Promise<void>;
}

export function createBoundedCalls(): BoundedCalls {
  const pending = new Set<Promise<unknown>>();
  return {
    async run(what, limitMs, call) {
      if (pending.size >= MAX_CALLS_PENDING) throw unavailable(what, undefined);
      const answer = call();
      pending.add(answer);
      const forget = (): void => void pending.delete(answer);
      answer.then(forget, forget);
      if (!(await settlesWithin(answer, limitMs))) throw unavailable(what, undefined);
      try {
        return await answer;
      } catch (error) {
        throw AgentError.isInstance(error) ? error : unavailable(what, error);
      }
    },
    async settled() {
      await Promise.allSettled(pending);
    },
  };
}

function unavailable(what: string, cause: unknown): AgentError {
  return new AgentError("store_unavailable", `Redis could not be reached to ${what}.`, { cause });
}
