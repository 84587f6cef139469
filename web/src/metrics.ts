/** What the console shows of a server's metrics; latencies in milliseconds, undefined before the first append. */
export interface Figures {
  readonly runs: number;
  readonly viewers: number;
  readonly appendMedianMs: number | undefined;
  readonly appendP99Ms: number | undefined;
}

/** Reads Prometheus' text format, as far as the figures need it. */
export function figuresFromMetrics(text: string): Figures {
  const buckets = bucketsOf(text, "holdfast_append_duration_seconds");
  const median = quantile(buckets, 0.5);
  const p99 = quantile(buckets, 0.99);
  return {
    runs: sumOf(text, "holdfast_runs_accepted_total"),
    viewers: sumOf(text, "holdfast_open_streams"),
    appendMedianMs: median === undefined ? undefined : median * 1000,
    appendP99Ms: p99 === undefined ? undefined : p99 * 1000,
  };
}

function sumOf(text: string, name: string): number {
  let sum = 0;
  for (const [, value] of text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "gm"))) {
    sum += Number(value);
  }
  return sum;
}

interface Bucket {
  /** In seconds. */
  readonly upTo: number;
  /** How many were measured up to there, all smaller ones included. */
  readonly count: number;
}

function bucketsOf(text: string, name: string): readonly Bucket[] {
  const rows = text.matchAll(new RegExp(`^${name}_bucket\\{le="([^"]+)"\\} (\\S+)$`, "gm"));
  return [...rows].map(([, upTo, count]) => ({
    upTo: upTo === "+Inf" ? Number.POSITIVE_INFINITY : Number(upTo),
    count: Number(count),
  }));
}

/** As Prometheus' histogram_quantile estimates it: linear within the bucket that holds the quantile. */
function quantile(buckets: readonly Bucket[], share: number): number | undefined {
  const total = buckets.at(-1)?.count ?? 0;
  if (total === 0) return undefined;
  const wanted = total * share;
  let before: Bucket = { upTo: 0, count: 0 };
  for (const bucket of buckets) {
    if (bucket.count >= wanted) {
      if (bucket.upTo === Number.POSITIVE_INFINITY) return before.upTo;
      const within = (wanted - before.count) / (bucket.count - before.count);
      return before.upTo + (bucket.upTo - before.upTo) * within;
    }
    before = bucket;
  }
  return before.upTo;
}
