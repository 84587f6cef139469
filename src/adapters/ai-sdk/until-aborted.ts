/**
 * What a promise gives, or the signal's reason thrown as soon as the signal is aborted, whichever comes first.
 * The promise itself goes on; whoever made it ends it.
 */
export async function untilAborted<Value>(pending: PromiseLike<Value>, signal: AbortSignal): Promise<Value> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([aborted.promise, pending]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
