import { encodeWords } from "./command-encoder.ts";
import type { EncodedWords } from "./command-encoder.ts";
import { attemptOf, isRunEnd, parseEvent, seqOf } from "../../core/index.ts";
import type { Cursor, LogEvent, TextChunk } from "../../core/index.ts";

/** An entry as XRANGE gives it: its id, and its fields and values in turn. */
export type RedisEntry = readonly [id: string, fields: readonly string[]];

/**
 * Adds entries to the arguments of the append script, four each: timestamp, data, kind and text. The script makes their
 * fields of them. Text and the ends of runs carry the samples' fields (`text`, `sequence`, `timestamp`, `done`, `error`),
 * so that the samples' own readers render an answer from them and pass over everything else; `data` is ours: the event
 * as JSON, its type first, without what the entry's id and the other fields say. A run's end has no number of its own:
 * the script finds it.
 *
 * A failed run ends with both `error` and `done`: the Python reader looks at `error` first and tells of it, the .NET
 * reader knows no `error` and must at least end. A run that was cancelled or stopped short ends without `error`.
 */
export function addEntries(args: string[], events: readonly LogEvent[]): void {
  let before = "";
  for (const event of events) {
    const data = dataOf(event);
    args.push(String(event.at), data === before ? "" : data);
    before = data;
    if (event.type === "text-delta") args.push(String(event.sequence), event.delta);
    else if (event.type === "step-reset") args.push("void", event.from);
    else if (isRunEnd(event)) args.push("end", event.type === "run-failed" ? event.message : "");
    else args.push("", "");
  }
}

/** What the text chunks of one part have in common. */
export interface TextData {
  readonly like: TextChunk;
  readonly data: string;
  /** The data as a word of a command. */
  readonly words: EncodedWords;
}

/** What a text chunk has in common with those of its part: that of the one before, or of the newest of all, may be it. */
export function textDataOf(event: TextChunk, before?: TextData): TextData {
  if (before && isLikeText(before.like, event)) return before;
  if (newestText && isLikeText(newestText.like, event)) return newestText;
  const { type, v, run, step, id, separator } = event;
  const data = JSON.stringify({ type, v, run, step, id, separator });
  newestText = { like: event, data, words: encodeWords([data]) };
  return newestText;
}

let newestText: TextData | undefined;

function dataOf(event: LogEvent): string {
  if (event.type === "text-delta") return textDataOf(event).data;
  const { type, attempt: _inTheId, seq: _inTheIdToo, at: _asTimestamp, ...rest } = event;
  return JSON.stringify({ type, ...rest });
}

/** Whether two text chunks differ in place and text alone. */
export function isLikeText(one: TextChunk, other: TextChunk): boolean {
  return (
    one.run === other.run &&
    one.step === other.step &&
    one.id === other.id &&
    one.separator === other.separator &&
    one.v === other.v
  );
}

/** What a text chunk's field `data` says, as if it were of no place and no text; undefined when it says something else. */
export function parseTextData(data: string): TextChunk | undefined {
  if (readText?.data === data) return readText.like;
  const chunk = parseEvent({ ...parseObject(data), attempt: 0, seq: 0, at: 0, delta: "", sequence: 0 });
  if (chunk?.type !== "text-delta") return undefined;
  readText = { like: chunk, data };
  return chunk;
}

let readText: Pick<TextData, "like" | "data"> | undefined;

/** Whether an entry withdraws others. */
export function isReset(fields: readonly string[]): boolean {
  return recordOf(fields)["data"]?.startsWith('{"type":"step-reset"') === true;
}

/** The event of an entry; undefined for one that Holdfast did not write, or that a newer version did. */
export function eventFromEntry([id, list]: RedisEntry): LogEvent | undefined {
  const fields = recordOf(list);
  const data = parseObject(fields["data"]);
  if (data === undefined) return undefined;
  const cursor = id as Cursor;
  const place = { attempt: attemptOf(cursor), seq: seqOf(cursor), at: Number(fields["timestamp"]) };
  const event = parseEvent({ ...data, ...place });
  if (event?.type !== "text-delta") return event;
  return { ...event, delta: fields["text"] ?? "", sequence: Number(fields["sequence"]) };
}

/** Fields and values in turn as a record. */
export function recordOf(list: readonly string[]): Readonly<Record<string, string | undefined>> {
  const record: Record<string, string> = {};
  for (let index = 0; index + 1 < list.length; index += 2) {
    record[list[index] ?? ""] = list[index + 1] ?? "";
  }
  return record;
}

/** The object that a text says in JSON; undefined when it says none. */
export function parseObject(json: string | undefined): object | undefined {
  if (json === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined; // Not an entry of ours.
  }
}
