import { attemptOf, isRunEnd, parseEvent, seqOf } from "../../core/index.ts";
import type { Cursor, LogEvent } from "../../core/index.ts";

/** An entry as XRANGE gives it: its id, and its fields and values in turn. */
export type RedisEntry = readonly [id: string, fields: readonly string[]];

/**
 * The fields of an entry. Text and the ends of runs carry the samples' fields (`text`, `sequence`, `timestamp`, `done`,
 * `error`), so that the samples' own readers render an answer from them and pass over everything else; `event`,
 * `attempt` and `data` beside them are ours. A run's end leaves `sequence` empty: the script knows the number.
 *
 * A failed run ends with both `error` and `done`: the Python reader looks at `error` first and tells of it, the .NET
 * reader knows no `error` and must at least end. A run that was cancelled or stopped short ends without `error`.
 */
export function fieldsFromEvent(event: LogEvent): readonly string[] {
  const { type, attempt, seq: _inTheId, at, ...rest } = event;
  const time = ["timestamp", String(at)];
  const ours = ["event", type, "attempt", String(attempt)];
  if (event.type === "text-delta") {
    const { v, run, step, id, separator } = event;
    const data = JSON.stringify({ v, run, step, id, separator });
    return ["text", event.delta, "sequence", String(event.sequence), ...time, ...ours, "data", data];
  }
  const data = ["data", JSON.stringify(rest)];
  if (!isRunEnd(event)) return [...time, ...ours, ...data];
  const error = event.type === "run-failed" ? ["error", event.message] : [];
  return ["text", "", "sequence", "", ...time, "done", "true", ...error, ...ours, ...data];
}

/** The event of an entry; undefined for one that Holdfast did not write, or that a newer version did. */
export function eventFromEntry([id, list]: RedisEntry): LogEvent | undefined {
  const fields = recordOf(list);
  const data = parseObject(fields["data"]);
  if (data === undefined) return undefined;
  const place = {
    type: fields["event"],
    attempt: attemptOf(id as Cursor),
    seq: seqOf(id as Cursor),
    at: Number(fields["timestamp"]),
  };
  const text =
    fields["event"] === "text-delta" ? { delta: fields["text"], sequence: Number(fields["sequence"]) } : {};
  return parseEvent({ ...data, ...place, ...text });
}

/** Fields and values in turn as a record. */
export function recordOf(list: readonly string[]): Readonly<Record<string, string | undefined>> {
  const record: Record<string, string> = {};
  for (let index = 0; index + 1 < list.length; index += 2) {
    record[list[index] ?? ""] = list[index + 1] ?? "";
  }
  return record;
}

function parseObject(json: string | undefined): object | undefined {
  if (json === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined; // Not an entry of ours.
  }
}
