import type { AgentError } from "../core/index.ts";
import type { Projection } from "../projections/index.ts";
import type { StreamOutput, StreamSource } from "./stream-source.ts";

/** How many bytes a stream may have waiting for its client before the source is told to wait (L12). */
export const MAX_BYTES_WAITING: number = 64 * 1024;

/** How long a client may take nothing of what waits for it before it is cut, in milliseconds; it resumes by cursor (L12). */
export const MAX_STALL_MS = 60_000;

const sources = new WeakMap<Response, StreamSource>();

/**
 * A response that streams. Any host can read its body; a host that knows `streamSourceOf` lets the bytes go to its
 * sockets itself, without a stream in between, which costs a fraction for each delivery.
 */
export function streamResponse(
  source: StreamSource,
  { contentType }: Pick<Projection, "contentType">,
  headers: Record<string, string>,
): Response {
  const response = new Response(bodyOf(source), {
    status: 200,
    headers: {
      "content-type": contentType,
      // Wire rule 5: no proxy may keep, transform or gather what must arrive at once.
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
      // A text that looks like HTML is not.
      "x-content-type-options": "nosniff",
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
  let output: BodyOutput | undefined;
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (output) {
          output.taken();
          source.resume();
        } else {
          output = new BodyOutput(source, controller);
          source.start(output);
        }
      },
      cancel() {
        output?.taken();
        source.stop();
      },
    },
    // Zero at first: a body that nobody reads must not begin.
    new ByteLengthQueuingStrategy({ highWaterMark: 0 }),
  );
}

/** Lets frames go to whoever reads a body, and cuts a reader that takes nothing for too long. */
class BodyOutput implements StreamOutput {
  readonly #source: StreamSource;
  readonly #controller: ReadableStreamDefaultController<Uint8Array>;
  #stalled: NodeJS.Timeout | number | undefined;
  #waitingBefore = 0;

  constructor(source: StreamSource, controller: ReadableStreamDefaultController<Uint8Array>) {
    this.#source = source;
    this.#controller = controller;
  }

  write(text: string): boolean {
    this.#controller.enqueue(encoder.encode(text));
    if (this.#waiting() < MAX_BYTES_WAITING) return true;
    if (this.#stalled === undefined) this.#watch();
    return false;
  }

  end(): void {
    this.taken();
    this.#controller.close();
  }

  fail(error: AgentError): void {
    this.taken();
    this.#controller.error(error);
  }

  /** Everything that waited was taken, or nobody waits for it any more. */
  taken(): void {
    clearTimeout(this.#stalled);
    this.#stalled = undefined;
  }

  #waiting(): number {
    return -(this.#controller.desiredSize ?? 0);
  }

  #watch(): void {
    this.#waitingBefore = this.#waiting();
    this.#stalled = setTimeout(() => this.#look(), MAX_STALL_MS);
  }

  /** A client that takes something, however little, is slow and not stalled. */
  #look(): void {
    if (this.#waiting() < this.#waitingBefore) {
      this.#watch();
      return;
    }
    this.#source.stop();
    this.taken();
    this.#controller.error(new Error("The client takes too long."));
  }
}

const encoder = new TextEncoder();
