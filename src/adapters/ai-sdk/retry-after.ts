/**
 * How long a provider asks to wait, in milliseconds from `now`: its `retry-after-ms` (milliseconds), else its
 * `retry-after` (seconds, or a date, RFC 9110 §10.2.3). Undefined where it does not say so, or not understandably.
 * Header names are expected in lower case.
 */
export function retryAfterMs(
  headers: Readonly<Record<string, string>> | undefined,
  now: number,
): number | undefined {
  const milliseconds = decimal(headers?.["retry-after-ms"]);
  if (milliseconds !== undefined) return milliseconds;
  const header = headers?.["retry-after"];
  const seconds = decimal(header);
  if (seconds !== undefined) return seconds * 1000;
  // JavaScript reads a date out of nearly anything: an HTTP date ends with its zone.
  const date = header?.endsWith(" GMT") === true ? Date.parse(header) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function decimal(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+(?:\.\d+)?$/.test(text.trim()) ? Number(text) : undefined;
}
