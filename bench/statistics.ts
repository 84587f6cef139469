export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** The value that so many of the values do not exceed (0 to 1). NaN when there are none. */
export function percentile(values: readonly number[], fraction: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(fraction * sorted.length))] ?? Number.NaN;
}
