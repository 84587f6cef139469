import { setTimeout as timeout } from "node:timers/promises";

/** Waits so many milliseconds; rejects when the signal is aborted. */
export type Pause = (milliseconds: number, signal: AbortSignal) => Promise<void>;

/** A pause on the process's own timers. */
export const pauseOnTimer: Pause = async (milliseconds, signal) => {
  await timeout(milliseconds, undefined, { signal });
};

/**
 * Streams parts, each after its pause. An abort fails the stream with the abort's reason at once, also in the middle
 * of a pause; cancelling the stream ends the pause too. Nothing is read ahead of the reader.
 */
export function pacedStream<Part>(
  parts: readonly Part[],
  pauseBefore: (part: Part) => number,
  pause: Pause,
  abortSignal: AbortSignal | undefined,
): ReadableStream<Part> {
  const cancelled = new AbortController();
  const signal =
    abortSignal === undefined ? cancelled.signal : AbortSignal.any([abortSignal, cancelled.signal]);
  const remaining = parts[Symbol.iterator]();
  return new ReadableStream<Part>(
    {
      async pull(controller) {
        const next = remaining.next();
        if (next.done === true) return controller.close();
        const milliseconds = pauseBefore(next.value);
        if (milliseconds > 0) await pauseOrReason(pause, milliseconds, signal);
        signal.throwIfAborted();
        controller.enqueue(next.value);
      },
      cancel(reason) {
        cancelled.abort(reason);
      },
    },
    { highWaterMark: 0 },
  );
}

async function pauseOrReason(pause: Pause, milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await pause(milliseconds, signal);
  } catch (error) {
    // Timers reject with an AbortError of their own; whoever aborted is told their reason.
    signal.throwIfAborted();
    throw error;
  }
}
