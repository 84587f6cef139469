import {
  comesNext,
  compareCursors,
  cursorOf,
  foldRun,
  isRunEnd,
  isVoided,
  START,
  textOf,
} from "../../src/core/index.ts";
import type { Cursor, LogEvent } from "../../src/core/index.ts";
import { Violation } from "./explorer.ts";
import { shownText } from "./reader-model.ts";
import type { Reader } from "./reader-model.ts";
import type { Request } from "./worker-model.ts";
import type { StoreState } from "./store-model.ts";

export function require(holds: boolean, law: string): void {
  if (!holds) throw new Violation(law);
}

/** What holds of a log at every moment, whoever wrote it. */
export function checkStore(known: StoreState): void {
  checkOrder(known.log);
  checkRuns(known);
  checkRequests(known);
}

/** L3: entries are totally ordered, without a hole, and no cursor names two of them. */
function checkOrder(log: readonly LogEvent[]): void {
  let tip: Cursor = START;
  for (const event of log) {
    require(comesNext(event, tip), `L3: ${cursorOf(event)} follows ${tip}`);
    tip = cursorOf(event);
  }
}

/** L5, L9: runs come one after the other, each begins once, ends once, and nothing of it comes after its end. */
function checkRuns({ log, runs, settled, tip, records, voided }: StoreState): void {
  let current = 1;
  let [begun, ended]: [boolean, boolean] = [false, true];
  for (const event of log) {
    if (ended && event.type === "attempt-start" && event.run === current) [begun, ended] = [false, false];
    require(!ended, `L5: ${cursorOf(event)} ${event.type} of run ${event.run} where run ${current} is to begin`);
    require(event.run <= runs, `L5: ${cursorOf(event)} is of run ${event.run}, which nobody asked for`);
    require(event.run === current, `L9: ${cursorOf(event)} is of run ${event.run} during run ${current}`);
    if (event.type === "run-start") {
      require(!begun, `L5: run ${current} begins twice`);
      require(event.id === runIdOf(current), `L9: run ${current} is the request ${event.id}`);
      begun = true;
    }
    if (!isRunEnd(event)) continue;
    require(begun, `L5: run ${current} ends and has not begun`);
    const { text, to } = records[current - 1] ?? {};
    const entries = log.filter((other) => other.run === current);
    require(text ===
      textOf(foldRun(entries)), `L7: the record of run ${current} has another text than its log`);
    require(text === lastingText(entries, voided), `L7: the record of run ${current} has withdrawn text`);
    require(to === cursorOf(event), `L5: the record of run ${current} ends at ${to}`);
    current += 1;
    ended = true;
  }
  require(records.length === current - 1, `L5: ${records.length} records of ${current - 1} ended runs`);
  require(!ended || tip === START || settled === tip, "L5: the log has ended and is not settled");
}

/** L10: every accepted run is kept in exactly one place: waiting, under way, or ended. */
function checkRequests({ runs, log, inbox }: StoreState): void {
  for (let run = 1; run <= runs; run++) {
    const waits = inbox.filter((item) => item.kind === "run" && item.run === run).length;
    const begun = log.filter((event) => event.type === "run-start" && event.id === runIdOf(run)).length;
    require(waits + begun > 0, `L10: run ${run} is lost`);
    require(waits + begun < 2, `L9: run ${run} has begun and waits to begin again`);
  }
}

export function runIdOf(run: number): string {
  return `run ${run}`;
}

function lastingText(entries: readonly LogEvent[], voided: StoreState["voided"]): string {
  return entries
    .flatMap((event) =>
      event.type === "text-delta" && !isVoided(cursorOf(event), voided) ? [event.delta] : [],
    )
    .join("");
}

/** L4: what an append may do to a store: nothing to one that has moved on, and nothing the second time. */
export function checkAppend(before: StoreState, request: Request, after: StoreState): void {
  const [first] = request.events;
  const stale = first !== undefined && first.attempt < before.attempt;
  require(!stale ||
    after === before, `L4: ${first && cursorOf(first)} is written during attempt ${before.attempt}`);
  const repeat = request.events.every((event) => holds(before, event));
  require(!repeat ||
    after === before, `L4: repeating the append of ${first && cursorOf(first)} changes something`);
}

/** L2, L3: what a worker was told is stored is in the log, as it wrote it. */
export function checkAcknowledged({ events }: Request, known: StoreState): void {
  for (const event of events) require(holds(known, event), `L3: ${cursorOf(event)} names another entry`);
}

function holds({ log }: StoreState, event: LogEvent): boolean {
  const found = log.find((other) => cursorOf(other) === cursorOf(event));
  return found !== undefined && (found === event || JSON.stringify(found) === JSON.stringify(event));
}

/** L6: what a reading reads next is what comes next in the log; for who has nothing yet, what is kept of it. */
export function checkRead(event: LogEvent, after: Cursor, { base }: StoreState): void {
  require(comesNext(event, after === START ? base : after), `L6: after ${after} comes ${cursorOf(event)}`);
}

/** L7: whoever has come to the end of the log has on its screen what the log says; nothing else. */
export function checkReader(reader: Reader, known: StoreState): void {
  if (reader.kind === "refused" || reader.kind === "away") return;
  if (reader.kind === "reading" && reader.position !== known.tip) return;
  const runs = reader.kind === "finished" ? reader.runs : known.runs;
  for (let run = 1; run <= runs; run++) {
    const text = textOf(foldRun(known.log.filter((event) => event.run === run)));
    const shown = shownText(reader.screen, run);
    // Who came after a stream had expired begins where it is kept from.
    const expired = shown === "" && hasExpired(run, known);
    require(shown === text || expired, `L7: a reader has "${shown}" of run ${run}, the log "${text}"`);
    require(reader.kind === "reading" ||
      known.records.length >= run, `L7: a reader is told that it has all of run ${run}, which has not ended`);
  }
}

function hasExpired(run: number, { base, records }: StoreState): boolean {
  const record = records[run - 1];
  return record !== undefined && compareCursors(record.to, base) <= 0;
}
