import * as z from "zod";
import {
  AgentError,
  attemptOf,
  parseConversationReference,
  parseCursor,
  parseEvent,
  seqOf,
} from "../../core/index.ts";
import type { Cursor, InboxItem, LogEvent, RunRecord } from "../../core/index.ts";
import { snapshotProblem } from "../../ports/index.ts";
import type { ConversationSnapshot } from "../../ports/index.ts";
import { CommandError } from "../command-error.ts";
import { ARCHIVE_FORMAT, ARCHIVE_VERSION } from "./archive-lines.ts";

/**
 * Reads conversations from the lines of one archive or of several one after the other, each when its end is there. Throws
 * CommandError that names the line for anything that `archiveLines` could not have written.
 */
export async function* readArchives(lines: AsyncIterable<string>): AsyncGenerator<ConversationSnapshot> {
  let open: OpenArchive | undefined;
  let number = 0;
  let archives = 0;
  for await (const text of lines) {
    number += 1;
    if (text === "") continue;
    const value = parseLine(text, number);
    if (!open) open = { header: readHeader(value, number), entries: [], records: [] };
    else if ("entry" in value) open.entries.push(readEntry(value["entry"], number));
    else if ("record" in value) open.records.push(readRecord(value["record"], number));
    else if ("end" in value) {
      yield finished(open, value["end"], number);
      open = undefined;
      archives += 1;
    } else throw wrong(number, "neither an entry nor a record nor the end of a conversation");
  }
  if (open) throw new CommandError(`the archive breaks off after line ${number}: its end is missing.`);
  if (archives === 0) throw new CommandError("the archive is empty.");
}

interface OpenArchive {
  readonly header: ConversationHeader;
  readonly entries: LogEvent[];
  readonly records: RunRecord[];
}

type ConversationHeader = Omit<ConversationSnapshot, "entries" | "records">;

const cursor = z.string().transform((text) => parseCursor(text));
const count = z.int().nonnegative();
const HEADER = z.object({
  version: z.literal(ARCHIVE_VERSION),
  id: z.string().transform((text) => parseConversationReference(text).id),
  agent: z.string().min(1),
  createdAt: z.int(),
  runs: z.int().positive(),
  base: cursor,
  tip: cursor,
  inbox: z.array(
    z.discriminatedUnion("kind", [
      z.looseObject({ kind: z.literal("cancel"), itemId: z.int(), at: z.int(), upTo: z.int() }),
      z.looseObject({ kind: z.literal("approval"), itemId: z.int(), at: z.int(), approvalId: z.string() }),
    ]),
  ),
});
const RECORD = z.looseObject({
  run: z.int().positive(),
  id: z.string(),
  agent: z.string(),
  status: z.enum(["completed", "failed", "cancelled", "incomplete"]),
  input: z.string(),
  messages: z.array(
    z.looseObject({ role: z.enum(["user", "assistant", "tool"]), content: z.array(z.unknown()) }),
  ),
  text: z.string(),
  usage: z.looseObject({ inputTokens: z.number(), outputTokens: z.number() }),
  options: z.looseObject({}),
  acceptedAt: z.number(),
  startedAt: z.number(),
  endedAt: z.number(),
  attempts: z.int(),
  steps: z.int(),
  from: cursor,
  to: cursor,
});
const END = z.object({ entries: count, records: count });

function parseLine(text: string, number: number): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as Readonly<Record<string, unknown>>;
  } catch {
    // Said below, for whatever is no object.
  }
  throw wrong(number, "not a JSON object");
}

function readHeader(value: Readonly<Record<string, unknown>>, number: number): ConversationHeader {
  if (value["format"] !== ARCHIVE_FORMAT) {
    throw wrong(number, "not the beginning of a conversation that holdfast export wrote");
  }
  const { version } = value;
  if (typeof version === "number" && version > ARCHIVE_VERSION) {
    throw wrong(number, `of version ${version} of the format; this Holdfast reads up to ${ARCHIVE_VERSION}`);
  }
  const { id, agent, createdAt, runs, base, tip } = checked(HEADER, value, number);
  return { id, agent, createdAt, runs, base, tip, inbox: value["inbox"] as readonly InboxItem[] };
}

/** The value itself, not what the schema makes of it: not a field more or less, in the order in which they were. */
function readRecord(value: unknown, number: number): RunRecord {
  checked(RECORD, value, number);
  return value as RunRecord;
}

function readEntry(value: unknown, number: number): LogEvent {
  const fields = checked(z.looseObject({ cursor: z.string() }), value, number);
  const { cursor: text, ...rest } = fields;
  const place = placeOf(text, number);
  const event = parseEvent({ v: 1, attempt: attemptOf(place), seq: seqOf(place), ...rest });
  if (!event) throw wrong(number, "an entry of a kind that this Holdfast does not know");
  // Streams carry text as it is stored: where a carriage return ends a line, it could pass for an event.
  if (event.type === "text-delta" && event.delta.includes("\r")) {
    throw wrong(number, "a text with a carriage return, which no Holdfast has written");
  }
  return event;
}

function placeOf(text: string, number: number): Cursor {
  try {
    return parseCursor(text);
  } catch (error) {
    throw wrong(number, AgentError.from(error).message);
  }
}

function finished(
  { header, entries, records }: OpenArchive,
  value: unknown,
  number: number,
): ConversationSnapshot {
  const end = checked(END, value, number);
  if (end.entries !== entries.length || end.records !== records.length) {
    const there = `${entries.length} entries and ${records.length} records`;
    throw wrong(
      number,
      `said to end ${end.entries} entries and ${end.records} records, but there are ${there}`,
    );
  }
  const snapshot = { ...header, entries, records };
  const problem = snapshotProblem(snapshot);
  if (problem !== undefined)
    throw new CommandError(`the conversation ${header.id} is not whole: ${problem}.`);
  return snapshot;
}

function checked<Value>(schema: z.ZodType<Value>, value: unknown, number: number): Value {
  try {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw wrong(number, `not as expected: ${issue?.path.join(".")}: ${issue?.message}`);
  } catch (error) {
    if (AgentError.isInstance(error)) throw wrong(number, error.message);
    throw error;
  }
}

function wrong(number: number, what: string): CommandError {
  return new CommandError(`line ${number} of the archive is ${what}.`);
}
