import { AgentError } from "../../core/index.ts";
import type { ConversationId } from "../../core/index.ts";
import type { WakeOptions } from "../../ports/index.ts";

/** How many conversations one engine drives at the same time, by default: drives are mostly waiting for models. */
export const DEFAULT_CONCURRENCY = 256;

/** Hears of what no caller can be told: a drive that threw (with its conversation), a lost connection. */
export type OnEngineError = (error: unknown, id: ConversationId | undefined) => void;

/** For engines that were given no `onError`: nothing is swallowed. */
export function printError(error: unknown, id: ConversationId | undefined): void {
  console.error(id === undefined ? "holdfast engine:" : `holdfast engine, conversation ${id}:`, error);
}

/** Throws a TypeError for anything but a whole number from 1. */
export function checkConcurrency(concurrency: number): number {
  if (Number.isSafeInteger(concurrency) && concurrency >= 1) return concurrency;
  throw new TypeError(`concurrency must be a whole number from 1, not ${concurrency}.`);
}

/** The moment a wake asks for, or undefined for now. Throws a TypeError when it is no moment. */
export function checkedMoment({ notBefore }: WakeOptions): number | undefined {
  if (notBefore === undefined) return undefined;
  if (Number.isNaN(notBefore)) throw new TypeError("notBefore must be milliseconds since 1970, not NaN.");
  return notBefore <= Date.now() ? undefined : Math.ceil(notBefore);
}

/** What a stopped engine answers to a wake. */
export function engineStopped(): AgentError {
  return new AgentError("shutting_down", "This process is shutting down; another one will go on.");
}
