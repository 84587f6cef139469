/** How long to wait before trying again: full jitter over an interval that doubles up to a limit. */
export interface BackOff {
  readonly firstMs: number;
  readonly limitMs: number;
}

export function backOffMs(
  { firstMs, limitMs }: BackOff,
  tries: number,
  random: () => number = Math.random,
): number {
  return random() * Math.min(limitMs, firstMs * 2 ** (tries - 1));
}

/** Resolves after a time, or at once when the signal aborts; the caller looks at the signal. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done, { once: true });
  });
}
