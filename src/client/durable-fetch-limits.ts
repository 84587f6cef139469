import type { BackOff } from "./back-off.ts";

export interface DurableFetchLimits {
  readonly backOff: BackOff;
  /** How often in a row it may come back without a new event. */
  readonly maxTries: number;
  /** How long a resumed request may take to answer. */
  readonly answerMs: number;
  /** How long a stream may be without a sign of life before it counts as cut. */
  readonly silenceMs: number;
  /** A connection that lasts so long was a good one, though no event came. */
  readonly steadyMs: number;
  /** A server that wants more patience than this is taken at its word: the stream breaks. */
  readonly maxRetryAfterMs: number;
}

export const DURABLE_FETCH_LIMITS: DurableFetchLimits = {
  backOff: { firstMs: 300, limitMs: 10_000 },
  maxTries: 12,
  answerMs: 20_000,
  silenceMs: 40_000,
  steadyMs: 10_000,
  maxRetryAfterMs: 60_000,
};
