import { createAbortableWaits } from "./until-aborted.ts";

/**
 * The parts of a stream, one by one. An abort throws the signal's reason at once, even while the stream is silent.
 * However the reading ends, the stream is cancelled and its lock released.
 */
export async function* readParts<Part>(
  stream: ReadableStream<Part>,
  signal: AbortSignal,
): AsyncGenerator<Part, void, undefined> {
  const reader = stream.getReader();
  const waits = createAbortableWaits(signal);
  try {
    for (;;) {
      const next = await waits.for(reader.read());
      if (next.done) return;
      yield next.value;
    }
  } finally {
    waits.end();
    // Not awaited: a provider that is slow to let go must not hold up a cancelled run.
    reader.cancel(signal.reason).catch(() => {}); // The reader was told of the stream's error already.
    reader.releaseLock();
  }
}
