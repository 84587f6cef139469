/**
 * What a promise gives, or the signal's reason thrown as soon as the signal is aborted, whichever comes first.
 * The promise itself goes on; whoever made it ends it.
 */
export async function untilAborted<Value>(pending: PromiseLike<Value>, signal: AbortSignal): Promise<Value> {
  const waits = createAbortableWaits(signal);
  try {
    return await waits.for(pending);
  } finally {
    waits.end();
  }
}

/** The same for one promise after the other: a listener for a whole stream, where each of its tokens would need one. */
export interface AbortableWaits {
  /** One at a time. */
  for<Value>(pending: PromiseLike<Value>): Promise<Value>;
  /** Takes the listener off the signal. */
  end(): void;
}

export function createAbortableWaits(signal: AbortSignal): AbortableWaits {
  let giveUp: ((reason: unknown) => void) | undefined;
  let { aborted } = signal;
  const abort = (): void => {
    aborted = true;
    giveUp?.(signal.reason);
  };
  signal.addEventListener("abort", abort, { once: true });
  return {
    for: (pending) =>
      new Promise((resolve, reject) => {
        if (aborted) reject(signal.reason);
        giveUp = reject;
        pending.then(resolve, reject);
      }),
    end: () => signal.removeEventListener("abort", abort),
  };
}
