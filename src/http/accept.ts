import { AgentError } from "../core/index.ts";

/** The formats of a stream, in the order in which they are preferred when a client takes any. */
const FORMATS = ["text/event-stream", "text/plain", "application/x-ndjson"] as const;

export type StreamFormat = (typeof FORMATS)[number];

/**
 * The format that an `Accept` header asks for: SSE for any type or nothing. Throws `not_acceptable` when it takes none of
 * ours. RFC 9110 §12.5.1: the most specific range that matches a type gives its weight; weight 0 refuses it.
 */
export function acceptedFormat(accept: string | null): StreamFormat {
  const ranges = (accept ?? "")
    .split(",")
    .map(parseRange)
    .filter((range) => range.type !== "");
  if (ranges.length === 0) return FORMATS[0];
  const [best] = FORMATS.map((format) => ({ format, weight: weightOf(format, ranges) }))
    .filter(({ weight }) => weight > 0)
    .toSorted((a, b) => b.weight - a.weight);
  if (best) return best.format;
  throw new AgentError("not_acceptable", `This stream comes as ${FORMATS.join(", ")}.`, {
    details: { accept: accept ?? "" },
  });
}

interface MediaRange {
  readonly type: string;
  readonly weight: number;
}

function parseRange(text: string): MediaRange {
  const [type = "", ...parameters] = text.split(";").map((part) => part.trim().toLowerCase());
  const weight = parameters.find((parameter) => parameter.startsWith("q="));
  return { type, weight: weight === undefined ? 1 : Number(weight.slice(2)) || 0 };
}

function weightOf(format: StreamFormat, ranges: readonly MediaRange[]): number {
  const group = `${format.slice(0, format.indexOf("/"))}/*`;
  for (const type of [format, group, "*/*"]) {
    const range = ranges.find((candidate) => candidate.type === type);
    if (range) return range.weight;
  }
  return 0;
}
