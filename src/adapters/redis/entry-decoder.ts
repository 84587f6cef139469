import { parseEvent } from "../../core/index.ts";
import type { Cursor, LogEvent, TextChunk } from "../../core/index.ts";
import { eventFromEntry, parseObject } from "./redis-entry.ts";
import { RespReader } from "./resp-reader.ts";
import { digitsAt } from "./resp-scanner.ts";

/** What a reply of XRANGE holds. */
export interface DecodedEntries {
  /** Those that Holdfast wrote, in a version that is known here. */
  readonly events: readonly LogEvent[];
  /** How many entries there are in all. */
  readonly count: number;
  /** The id of the last of all; undefined when there is none. */
  readonly last: Cursor | undefined;
}

/** What a text chunk says in its `data`, parsed, and where that is in the reply. */
interface Template {
  readonly start: number;
  readonly end: number;
  readonly chunk: TextChunk;
}

/** A text chunk has `text`, `sequence`, `timestamp` and `data`, in this order, each with its value. */
const TEXT_CHUNK_STRINGS = 8;
const TEXT = Buffer.from("text");
const SEQUENCE = Buffer.from("sequence");
const TIMESTAMP = Buffer.from("timestamp");
const DATA = Buffer.from("data");
const DASH = 45;

/**
 * Makes events of a whole reply of XRANGE in RESP2, right from its bytes. Of a text chunk, which is what logs are mostly
 * made of, only the text becomes a string: names are compared, numbers are read, and the JSON is parsed once for all
 * the chunks in a row that have the same. Everything else goes the way of `eventFromEntry`, and both ways give the same.
 */
export function decodeEntries(reply: Buffer): DecodedEntries {
  const reader = new RespReader(reply);
  let template: Template | undefined;

  function textChunk(idStart: number): LogEvent | undefined {
    if (!nextIs(reader, TEXT)) return undefined;
    reader.string();
    const delta = reader.text();
    if (!nextIs(reader, SEQUENCE)) return undefined;
    reader.string();
    const sequence = digitsAt(reply, reader.start);
    if (!nextIs(reader, TIMESTAMP)) return undefined;
    reader.string();
    const at = digitsAt(reply, reader.start);
    if (!nextIs(reader, DATA)) return undefined;
    reader.string();
    if (!template || !reader.equals(reply, template.start, template.end)) template = templateFrom(reader);
    if (!template) return undefined;
    const attempt = digitsAt(reply, idStart);
    const seq = digitsAt(reply, reply.indexOf(DASH, idStart) + 1);
    return { ...template.chunk, attempt, seq, at, delta, sequence };
  }

  const events: LogEvent[] = [];
  const count = reader.number();
  let id = { start: 0, end: 0 };
  for (let index = 0; index < count; index++) {
    reader.number();
    reader.string();
    id = { start: reader.start, end: reader.end };
    const strings = reader.number();
    const body = reader.position;
    let event = strings === TEXT_CHUNK_STRINGS ? textChunk(id.start) : undefined;
    if (!event) {
      reader.position = body;
      event = eventFromEntry([reply.toString("latin1", id.start, id.end), stringsFrom(reader, strings)]);
    }
    if (event) events.push(event);
  }
  return {
    events,
    count,
    last: count > 0 ? (reply.toString("latin1", id.start, id.end) as Cursor) : undefined,
  };
}

function nextIs(reader: RespReader, name: Buffer): boolean {
  reader.string();
  return reader.equals(name, 0, name.length);
}

function stringsFrom(reader: RespReader, count: number): readonly string[] {
  return Array.from({ length: count }, () => {
    reader.string();
    return reader.text();
  });
}

/** Undefined when what was read last is not the data of a text chunk. */
function templateFrom(reader: RespReader): Template | undefined {
  const data = parseObject(reader.text());
  const chunk = parseEvent({ ...data, attempt: 0, seq: 0, at: 0, delta: "", sequence: 0 });
  return chunk?.type === "text-delta" ? { start: reader.start, end: reader.end, chunk } : undefined;
}
