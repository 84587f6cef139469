/** Durable Streams §8.1: time is counted in intervals of so many milliseconds since then. */
const INTERVAL_MS = 20_000;
const EPOCH_MS = Date.UTC(2024, 9, 9);
/** By how much at most a reader is moved on that hands back a cursor of now or later: an hour. */
const MAX_JITTER_INTERVALS = 180;

/**
 * What makes the address of a live read another one from time to time, so that caches which answer many readers by one
 * answer do not give a reader the same one for ever: always later than the one that it hands back.
 */
export function streamCursor(given: string | null, now: number, random: number): string {
  const current = Math.floor((now - EPOCH_MS) / INTERVAL_MS);
  const had = given !== null && /^\d{1,15}$/.test(given) ? Number(given) : -1;
  if (had < current) return String(current);
  return String(had + 1 + Math.floor(random * MAX_JITTER_INTERVALS));
}
