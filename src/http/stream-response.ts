import { AgentError } from "../core/index.ts";
import type { Projection } from "../projections/index.ts";
import type { Metrics } from "../ports/index.ts";
import type { ReadEntry } from "../runtime/index.ts";
import type { HttpSettings } from "./route.ts";

/**
 * A response whose body is a reading in some projection. It ends gracefully, with the projection's last bytes, only when
 * the reading has come to its end; in every other case the body errors, by which the host resets the connection, so
 * that no client takes a cut for the end (wire rule 3).
 */
export function streamResponse(
  entries: AsyncIterable<readonly ReadEntry[]>,
  projection: Projection,
  abort: AbortController,
  settings: HttpSettings,
  metrics: Metrics,
  headers: Record<string, string>,
): Response {
  const frames = framesOf(entries, projection, abort, settings, metrics);
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await frames.next();
        if (next.done) controller.close();
        else controller.enqueue(encoder.encode(next.value));
      },
      async cancel() {
        abort.abort();
        await frames.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, {
    status: 200,
    headers: {
      "content-type": projection.contentType,
      // Wire rule 5: no proxy may keep, transform or gather what must arrive at once.
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
      ...headers,
    },
  });
}

async function* framesOf(
  entries: AsyncIterable<readonly ReadEntry[]>,
  projection: Projection,
  abort: AbortController,
  { heartbeatMs, closing }: HttpSettings,
  metrics: Metrics,
): AsyncGenerator<string, undefined> {
  const iterator = entries[Symbol.asyncIterator]();
  const stop = AbortSignal.any([abort.signal, closing]);
  const open = metrics.streamOpened(mediaType(projection));
  try {
    let next = iterator.next();
    let ended = false;
    while (!ended) {
      const outcome = await firstOf(next, heartbeatMs, stop);
      if (outcome === "quiet") {
        if (projection.heartbeat !== undefined) yield projection.heartbeat;
        continue;
      }
      if (outcome === "stopped") throw new AgentError("shutting_down", "The server is about to stop.");
      if (outcome.done) throw new AgentError("internal_error", "The reading broke off.");
      ended = outcome.value.at(-1)?.last === true;
      open.delivered(outcome.value.length);
      const frames = projection.frames(outcome.value) + (ended ? projection.end : "");
      if (!ended) next = iterator.next();
      if (frames !== "") yield frames;
    }
  } finally {
    open.closed();
    abort.abort();
    await iterator.return?.();
  }
  return undefined;
}

function mediaType({ contentType }: Projection): string {
  return contentType.split(";", 1)[0] ?? contentType;
}

type Outcome = IteratorResult<readonly ReadEntry[]> | "quiet" | "stopped";

function firstOf(
  next: Promise<IteratorResult<readonly ReadEntry[]>>,
  quietMs: number,
  stop: AbortSignal,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const stopped = (): void => settle(() => resolve("stopped"));
    const timer = setTimeout(() => settle(() => resolve("quiet")), quietMs);
    function settle(act: () => void): void {
      clearTimeout(timer);
      stop.removeEventListener("abort", stopped);
      act();
    }
    if (stop.aborted) {
      stopped();
      return;
    }
    stop.addEventListener("abort", stopped, { once: true });
    next.then(
      (result) => settle(() => resolve(result)),
      (error: unknown) => settle(() => reject(error)),
    );
  });
}
