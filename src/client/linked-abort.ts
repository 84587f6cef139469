/** A controller that aborts with a signal, and lets go of the signal when it is no longer needed. */
export interface LinkedAbort {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
  /** Lets go; what is under way is left alone. */
  release(): void;
}

/** `AbortSignal.any`, for platforms without it, and without leaving anything on a signal that lives long. */
export function linkAbort(outer: AbortSignal | undefined | null): LinkedAbort {
  const controller = new AbortController();
  const follow = (): void => controller.abort(outer?.reason);
  const release = (): void => outer?.removeEventListener("abort", follow);
  if (outer?.aborted) follow();
  else outer?.addEventListener("abort", follow, { once: true });
  return {
    signal: controller.signal,
    abort(reason) {
      release();
      controller.abort(reason);
    },
    release,
  };
}
