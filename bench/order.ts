/** What a subject is asked to stream: the whole body of the request, so that every subject can be asked alike. */
export interface Order {
  readonly chunks: number;
  /** Between two chunks; 0: as fast as they are taken. */
  readonly everyMs: number;
}

/** So many bytes has a chunk, as an answer's usually have. */
const CHUNK_BYTES = 103;
/** How long after the request the first chunk comes: all readers are there by then, and no run is still starting. */
const HEAD_START_MS = 600;

export function orderToText({ chunks, everyMs }: Order): string {
  return `${chunks} ${everyMs}`;
}

export function orderFromText(text: string): Order {
  const [chunks = 0, everyMs = 0] = text.split(" ").map(Number);
  return { chunks, everyMs };
}

/** The "model": hands over chunks, each stamped at the last moment before. */
export async function* chunksOf({ chunks, everyMs }: Order): AsyncGenerator<string, void, undefined> {
  if (everyMs > 0) await sleep(HEAD_START_MS + Math.random() * everyMs);
  const began = performance.now();
  for (let chunk = 0; chunk < chunks; chunk++) {
    const wait = began + chunk * everyMs - performance.now();
    if (everyMs > 0 && wait > 0) await sleep(wait);
    yield `${process.hrtime.bigint()} `.padEnd(CHUNK_BYTES, "x");
  }
}

/** How long ago a chunk was stamped, in milliseconds. CLOCK_MONOTONIC is one for all processes of a machine. */
export function ageOf(chunk: string): number {
  const stamped = BigInt(chunk.slice(0, chunk.indexOf(" ")));
  return Number(process.hrtime.bigint() - stamped) / 1e6;
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
