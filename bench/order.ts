/** What a subject is asked to stream: the whole body of the request, so that every subject can be asked alike. */
export interface Order {
  readonly chunks: number;
  /** Between two chunks; 0: as fast as they are taken. */
  readonly everyMs: number;
  /** How long after the request the first chunk comes. Default: long enough for no run to be still starting. */
  readonly headStartMs?: number;
  /** How long to wait after each chunk however late it is, so that what comes too fast is not gathered on the way. */
  readonly pauseMs?: number;
}

/** So many bytes has a chunk, as an answer's usually have. */
const CHUNK_BYTES = 103;
const HEAD_START_MS = 600;
/** The last byte of a chunk, and of nothing else that is sent: a client counts it without parsing anything. */
export const CHUNK_END = "~";

export function orderToText(order: Order): string {
  return JSON.stringify(order);
}

export function orderFromText(text: string): Order {
  return JSON.parse(text) as Order;
}

/** The "model": hands over chunks, each stamped at the last moment before. */
export async function* chunksOf(order: Order): AsyncGenerator<string, void, undefined> {
  const { chunks, everyMs, pauseMs = 0 } = order;
  const headStartMs = order.headStartMs ?? (everyMs > 0 ? HEAD_START_MS + Math.random() * everyMs : 0);
  if (headStartMs > 0) await sleep(headStartMs);
  const began = performance.now();
  for (let chunk = 0; chunk < chunks; chunk++) {
    const wait = began + chunk * everyMs - performance.now();
    if (everyMs > 0 && wait > 0) await sleep(wait);
    if (pauseMs > 0) await sleep(pauseMs);
    yield stampedChunk();
  }
}

export function stampedChunk(): string {
  return `${process.hrtime.bigint()} `.padEnd(CHUNK_BYTES - 1, "x") + CHUNK_END;
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
