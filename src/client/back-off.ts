/** How long to wait before trying again: full jitter over an interval that doubles up to a limit. */
export interface BackOff {
  readonly firstMs: number;
  readonly limitMs: number;
}

/** The wait before the n-th try again, `failures` from 1; `chance` in [0, 1) is the caller's dice. */
export function backOffMs({ firstMs, limitMs }: BackOff, failures: number, chance: number): number {
  return chance * Math.min(limitMs, firstMs * 2 ** (failures - 1));
}

/** Resolves after a time; rejects with the signal's reason when it aborts before. */
export function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(asError(signal.reason));
      return;
    }
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(asError(signal?.reason));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** An abort's reason may be anything; it is thrown as it is, as `fetch` does. */
function asError(reason: unknown): Error {
  return reason as Error;
}
