/** The longest delay that `setTimeout` takes; past it, it would fire at once. */
export const LONGEST_TIMEOUT_MS: number = 2 ** 31 - 1;

/** Whether a promise settles within a time, in milliseconds. Its rejection counts as settling and is the caller's to handle. */
export async function settlesWithin(promise: Promise<unknown>, limitMs: number): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timeout = setTimeout(() => resolve(false), Math.min(limitMs, LONGEST_TIMEOUT_MS));
  const settled = promise.then(
    () => true,
    () => true,
  );
  try {
    return await Promise.race([settled, late]);
  } finally {
    clearTimeout(timeout);
  }
}
