import { callsToExecute, cursorOf, foldRun, isRunEnd, isVoided, textOf } from "../../src/core/index.ts";
import type { LogEvent, VoidedRange } from "../../src/core/index.ts";
import { RESTARTED } from "../../src/projections/index.ts";
import type { FollowingReader } from "./following-reader.ts";
import type { UpstreamCall } from "./upstream.ts";

/** A run as the history tells it. */
export interface HistoryRun {
  readonly run: number;
  readonly id: string;
  readonly status: string;
  readonly text: string;
  readonly error: string | undefined;
}

/** All that is known of a conversation after it has come to rest. */
export interface Evidence {
  readonly conversation: string;
  /** The public ids of the runs that were accepted, in order. */
  readonly accepted: readonly string[];
  /** The whole log as it is stored, with what was withdrawn. */
  readonly stored: readonly LogEvent[];
  readonly history: readonly HistoryRun[];
  readonly readers: readonly FollowingReader[];
  /** What the upstream was asked. */
  readonly calls: readonly UpstreamCall[];
}

/** Every law that the evidence breaks, each with what breaks it; nothing when all hold. */
export function breachesOf(evidence: Evidence): readonly string[] {
  return [
    ...oneOrder(evidence),
    ...oneEnding(evidence),
    ...sameText(evidence),
    ...storedBeforeShown(evidence),
    ...nothingMissing(evidence),
    ...finishedStaysFinished(evidence),
    ...oneAtATime(evidence),
    ...everyRunEnds(evidence),
    ...evidence.readers.flatMap((reader) => reader.breaches.map((breach) => `${breach} [${reader.name}]`)),
  ];
}

/** L3: cursors without holes, and each attempt names the entry that it follows. */
function oneOrder({ stored }: Evidence): readonly string[] {
  const breaches: string[] = [];
  let previous: LogEvent | undefined;
  for (const event of stored) {
    const cursor = cursorOf(event);
    const follows = previous ? cursorOf(previous) : "0-0";
    const begins = event.seq === 0;
    if (begins && (event.type !== "attempt-start" || event.follows !== follows)) {
      breaches.push(`L3: ${cursor} ${event.type} begins an attempt and does not follow ${follows}`);
    }
    if (begins && previous && event.attempt <= previous.attempt) {
      breaches.push(`L3: the attempt of ${cursor} comes after ${follows}`);
    }
    if (!begins && (event.attempt !== previous?.attempt || event.seq !== previous.seq + 1)) {
      breaches.push(`L3: a hole between ${follows} and ${cursor}`);
    }
    previous = event;
  }
  return breaches;
}

/** L5: one terminal event, the last of its run. */
function oneEnding({ stored }: Evidence): readonly string[] {
  return [...byRun(stored)].flatMap(([run, events]) => {
    const ends = events.filter((event) => isRunEnd(event));
    const breaches: string[] = [];
    if (ends.length > 1) breaches.push(`L5: run ${run} has ${ends.length} ends`);
    const end = ends[0];
    if (end && events.at(-1) !== end) breaches.push(`L5: run ${run} goes on after its end ${cursorOf(end)}`);
    return breaches;
  });
}

/** L7: the log, the history and every reader have the same text. */
function sameText({ stored, history, readers }: Evidence): readonly string[] {
  const valid = withoutVoided(stored);
  const breaches: string[] = [];
  for (const [run, events] of byRun(valid)) {
    const folded = textOf(foldRun(events));
    const record = history.find((each) => each.run === run);
    if (record && record.text !== folded) {
      breaches.push(
        `L7: run ${run}: the history says ${JSON.stringify(record.text)}, the log ${JSON.stringify(folded)}`,
      );
    }
  }
  const text = history.map((record) => record.text).join("");
  const plain = history.map(plainTextOf).join("");
  for (const reader of readers) {
    const expected = reader.format === "text/plain" ? plain : text;
    const same =
      reader.format === "text/plain" ? isPlainReading(reader.text, plain) : reader.text === expected;
    if (!same) {
      breaches.push(
        `L7: ${reader.name} has ${JSON.stringify(reader.text)}, expected ${JSON.stringify(expected)}`,
      );
    }
  }
  return breaches;
}

function plainTextOf({ text, status, error }: HistoryRun): string {
  return status === "failed" ? `${text}\n[Error: ${error}]\n` : `${text}\n`;
}

/**
 * Plain text cannot take back what was shown: it says where a part begins again. Whether, between those marks, there is a
 * way to read exactly this text.
 */
function isPlainReading(read: string, expected: string): boolean {
  const [first = "", ...restarts] = read.split(RESTARTED);
  // Places in the expected text that the reader may have come to before the next mark; a voided piece may leave it anywhere before.
  let places = prefixesCommon(first, expected, 0);
  if (restarts.length === 0) return first === expected;
  for (const [index, piece] of restarts.entries()) {
    const isLast = index === restarts.length - 1;
    if (isLast) return places.some((place) => expected.slice(place) === piece);
    places = [...new Set(places.flatMap((place) => prefixesCommon(piece, expected, place)))];
  }
  return false;
}

/** Every place from `start` on that the reader may go back to, having read `piece` from `start`. */
function prefixesCommon(piece: string, expected: string, start: number): readonly number[] {
  let length = 0;
  while (length < piece.length && piece[length] === expected[start + length]) length += 1;
  return Array.from({ length: length + 1 }, (_, index) => start + index);
}

/** L2: whatever a reader was shown is stored, and says the same. */
function storedBeforeShown({ stored, readers }: Evidence): readonly string[] {
  const byCursor = new Map<string, LogEvent>(stored.map((event) => [cursorOf(event), event]));
  return readers.flatMap((reader) =>
    reader.events.flatMap(({ cursor, event, data }) => {
      const entry = byCursor.get(cursor);
      if (!entry) return [`L2: ${reader.name} was shown ${cursor} (${event}), which is not stored`];
      const shown = shownText(event, data);
      if (shown === undefined) return [];
      const says = entry.type === "text-delta" ? entry.delta : undefined;
      return shown === says
        ? []
        : [`L3: ${cursor} is ${JSON.stringify(says)}, but ${reader.name} was shown ${JSON.stringify(shown)}`];
    }),
  );
}

function shownText(event: string, data: string): string | undefined {
  if (event === "message") return data;
  return event === "text-delta" ? (JSON.parse(data) as { readonly delta: string }).delta : undefined;
}

/** L6: who asked for every entry has every entry, but for those that were withdrawn. */
function nothingMissing({ stored, readers }: Evidence): readonly string[] {
  const valid = withoutVoided(stored).map(cursorOf);
  return readers
    .filter((reader) => reader.everything)
    .flatMap((reader) => {
      const seen = new Set(reader.events.map((event) => event.cursor));
      const missing = valid.filter((cursor) => !seen.has(cursor));
      return missing.length === 0 ? [] : [`L6: ${reader.name} was never shown ${missing.join(", ")}`];
    });
}

/** L8: no step and no tool call comes to an end twice, and nothing that has ended is asked for again by who holds it. */
function finishedStaysFinished({ stored, calls }: Evidence): readonly string[] {
  const valid = withoutVoided(stored);
  const breaches: string[] = [];
  const ended = new Map<string, LogEvent>();
  const runIds = new Map(
    valid.flatMap((event) => (event.type === "run-start" ? [[event.run, event.id]] : [])),
  );
  for (const event of valid) {
    const key = finishOf(event, runIds.get(event.run));
    if (key === undefined) continue;
    if (ended.has(key)) breaches.push(`L8: ${cursorOf(event)} ends ${key} again`);
    ended.set(key, event);
  }
  const executions = new Map<string, number>();
  for (const call of calls) {
    const key = call.kind === "model" ? `${call.runId}:${call.step}` : call.idempotencyKey;
    const end = ended.get(key);
    if (end && call.at > end.at && isHolder(call, stored)) {
      breaches.push(`L8: ${call.kind} ${key} was called again after ${cursorOf(end)} had ended it`);
    }
    if (call.kind === "tool") executions.set(key, (executions.get(key) ?? 0) + 1);
    if (call.kind === "tool" && call.tool !== "look_up" && (executions.get(key) ?? 0) > 1) {
      breaches.push(`L8: ${call.tool} ${key} may not be repeated and was`);
    }
  }
  return [...breaches, ...unansweredCalls(valid)];
}

function finishOf(event: LogEvent, runId: string | undefined): string | undefined {
  if (event.type === "step-end") return `${runId}:${event.step}`;
  if (event.type === "tool-result" || event.type === "tool-error")
    return `${runId}:${event.step}:${event.callId}`;
  return undefined;
}

/** A step of tools that has ended has one outcome for each call of the message before. */
function unansweredCalls(valid: readonly LogEvent[]): readonly string[] {
  const breaches: string[] = [];
  let asked: readonly string[] = [];
  for (const event of valid) {
    if (event.type !== "step-end") continue;
    if (event.message.role === "assistant") {
      asked = callsToExecute(event.message).map((call) => call.toolCallId);
    } else {
      const answered = event.message.content.map((part) => part.toolCallId);
      if (answered.join() !== asked.join())
        breaches.push(`L8: ${cursorOf(event)} answers ${answered.join()} of ${asked.join()}`);
    }
  }
  return breaches;
}

/** Whether the process that made a call held the conversation then. One that slept through losing it does not know better. */
function isHolder(call: UpstreamCall, stored: readonly LogEvent[]): boolean {
  const attempts = stored.filter((event) => event.type === "attempt-start");
  const holder = attempts.findLast((attempt) => attempt.at <= call.at);
  return holder?.worker.split(":")[1] === String(call.worker);
}

/** How many calls were made by processes that had lost the conversation without knowing. */
export function callsOfZombies({ calls, stored }: Evidence): number {
  return calls.filter((call) => !isHolder(call, stored)).length;
}

/** L9: runs in the order accepted, none before the one before has ended. */
function oneAtATime({ stored, accepted }: Evidence): readonly string[] {
  const breaches: string[] = [];
  let run = 0;
  let open = false;
  for (const event of stored) {
    const moved = event.run !== run;
    if (moved && (open || event.run !== run + 1)) {
      breaches.push(
        `L9: ${cursorOf(event)} of run ${event.run} comes while run ${run} is ${open ? "open" : "the latest"}`,
      );
    }
    run = event.run;
    open = !isRunEnd(event);
    if (event.type === "run-start" && event.id !== accepted[run - 1]) {
      breaches.push(`L9: run ${run} is ${event.id}, accepted was ${accepted[run - 1]}`);
    }
  }
  return breaches;
}

/** L10: every run that was accepted has ended. Who checks a parked one does so before it is answered. */
function everyRunEnds({ accepted, history }: Evidence): readonly string[] {
  return accepted.flatMap((id, index) => {
    const record = history.find((each) => each.id === id);
    return record?.run === index + 1 ? [] : [`L10: run ${index + 1} (${id}) was accepted and has not ended`];
  });
}

function byRun(events: readonly LogEvent[]): ReadonlyMap<number, readonly LogEvent[]> {
  return Map.groupBy(events, (event) => event.run);
}

function withoutVoided(stored: readonly LogEvent[]): readonly LogEvent[] {
  const voided: VoidedRange[] = stored.flatMap((event) =>
    event.type === "step-reset" ? [{ from: event.from, reset: cursorOf(event) }] : [],
  );
  return stored.filter((event) => !isVoided(cursorOf(event), voided));
}

/** What a failure prints of a conversation. */
export function describeEvidence({ conversation, stored, history, readers, calls }: Evidence): string {
  const entries = stored.map(({ v: _version, attempt: _attempt, seq: _seq, ...event }, index) => {
    const entry = stored[index];
    return `  ${entry ? cursorOf(entry) : ""} ${JSON.stringify(event)}`;
  });
  return [
    `conversation ${conversation}`,
    ...entries,
    "history",
    ...history.map((record) => `  ${JSON.stringify(record)}`),
    "calls",
    ...calls.map(
      (call) =>
        `  ${call.at} pid ${call.worker} ${call.kind} ${call.idempotencyKey} #${call.count} ${call.state}`,
    ),
    ...readers.flatMap((reader) => [`reader ${reader.name}`, ...reader.journal.map((line) => `  ${line}`)]),
  ].join("\n");
}
