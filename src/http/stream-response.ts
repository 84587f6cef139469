import type { Projection } from "../projections/index.ts";
import type { StreamOutput, StreamSource } from "./stream-source.ts";

/** How many bytes a stream may have waiting for its client before the source is told to wait (L12). */
export const MAX_BYTES_WAITING: number = 64 * 1024;

const sources = new WeakMap<Response, StreamSource>();

/**
 * A response that streams. Any host can read its body; a host that knows `streamSourceOf` lets the bytes go to its
 * sockets itself, without a stream in between, which costs a fraction for each delivery.
 */
export function streamResponse(
  source: StreamSource,
  { contentType }: Projection,
  headers: Record<string, string>,
): Response {
  const response = new Response(bodyOf(source), {
    status: 200,
    headers: {
      "content-type": contentType,
      // Wire rule 5: no proxy may keep, transform or gather what must arrive at once.
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
      ...headers,
    },
  });
  sources.set(response, source);
  return response;
}

/** What pushes a response's body, for a host that takes the pushing upon itself; undefined for an ordinary response. */
export function streamSourceOf(response: Response): StreamSource | undefined {
  return sources.get(response);
}

/** The same as a stream of bytes. Nothing is begun until somebody reads. */
function bodyOf(source: StreamSource): ReadableStream<Uint8Array> {
  let begun = false;
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (begun) source.resume();
        else source.start(outputTo(controller));
        begun = true;
      },
      cancel() {
        source.stop();
      },
    },
    // Zero at first: a body that nobody reads must not begin.
    new ByteLengthQueuingStrategy({ highWaterMark: 0 }),
  );
}

function outputTo(controller: ReadableStreamDefaultController<Uint8Array>): StreamOutput {
  return {
    write(bytes) {
      controller.enqueue(bytes);
      return -(controller.desiredSize ?? 0) < MAX_BYTES_WAITING;
    },
    end: () => controller.close(),
    fail: (error) => controller.error(error),
  };
}
