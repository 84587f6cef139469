import { compareCursors, comesNext, cursorOf, isRunEnd } from "../core/index.ts";
import type { ConversationId, Cursor, InboxItem, LogEvent, RunRecord, VoidedRange } from "../core/index.ts";

/**
 * A settled conversation, whole: what moves from one store to another. That it is settled needs no field: its log ends at
 * `tip` with the end of a run, and no run waits. The newest attempt is that of the tip, and the voided ranges are those
 * that the entries name.
 */
export interface ConversationSnapshot {
  readonly id: ConversationId;
  readonly agent: string;
  readonly createdAt: number;
  /** How many runs were accepted: the ordinal of the latest. */
  readonly runs: number;
  /** The entry before the first that is kept; the tip itself when the stream has expired. */
  readonly base: Cursor;
  readonly tip: Cursor;
  /** Requests that came too late to have an effect; never a run. */
  readonly inbox: readonly InboxItem[];
  /** Every entry after `base` up to `tip`, withdrawn ones too. */
  readonly entries: readonly LogEvent[];
  /** The records of the ended runs, in order. */
  readonly records: readonly RunRecord[];
}

/** Throws TypeError, saying what is wrong, for a snapshot that no settled conversation could have given. */
export function requireWhole(snapshot: ConversationSnapshot): void {
  const problem = snapshotProblem(snapshot);
  if (problem !== undefined) throw new TypeError(`The conversation is not whole: ${problem}.`);
}

/** What keeps a snapshot from being one of a settled conversation; undefined when nothing does. */
export function snapshotProblem(snapshot: ConversationSnapshot): string | undefined {
  const { runs, inbox } = snapshot;
  if (!Number.isSafeInteger(runs) || runs < 1) return `it says that it has ${runs} runs`;
  if (inbox.some((item) => item.kind === "run")) return "a run waits in its inbox";
  return logProblem(snapshot) ?? recordsProblem(snapshot);
}

/** The parts of a log that its own entries void. */
export function voidedRanges(entries: readonly LogEvent[]): readonly VoidedRange[] {
  return entries.flatMap((event) =>
    event.type === "step-reset" ? [{ from: event.from, reset: cursorOf(event) }] : [],
  );
}

function logProblem({ base, tip, entries }: ConversationSnapshot): string | undefined {
  let position = base;
  for (const event of entries) {
    if (!comesNext(event, position)) return `entries are missing between ${position} and ${cursorOf(event)}`;
    position = cursorOf(event);
  }
  if (position !== tip) return `its log ends at ${position}, not at ${tip}`;
  const last = entries.at(-1);
  if (last && !isRunEnd(last)) return `its last entry, ${tip}, does not end a run`;
  return undefined;
}

function recordsProblem({ runs, records, tip }: ConversationSnapshot): string | undefined {
  let before = 0;
  for (const { run, to } of records) {
    if (!Number.isSafeInteger(run) || run <= before || run > runs)
      return `the record of run ${run} is out of place`;
    if (compareCursors(to, tip) > 0)
      return `the record of run ${run} ends at ${to}, after the log's end at ${tip}`;
    before = run;
  }
  return undefined;
}
