import { attemptOf, cursorAt, seqOf } from "./cursor.ts";
import type { Cursor } from "./cursor.ts";
import type { Conversation } from "./conversation.ts";
import { AgentError } from "./error.ts";
import { cursorOf } from "./event.ts";
import type { LogEvent } from "./event.ts";

/**
 * Which of some entries are new to a log, none when the append is a repeat (L4). Every store decides by this rule, in
 * the same atomic step as the write.
 *
 * Throws `fenced` when the attempt no longer holds the log or its run has ended, `log_gap` when entries are missing
 * before the first, and TypeError when the entries are not one gapless piece of one attempt.
 */
export function entriesToWrite(
  log: Pick<Conversation, "attempt" | "tip" | "settled">,
  events: readonly LogEvent[],
): readonly LogEvent[] {
  const first = events[0];
  if (first === undefined) throw new TypeError("An append needs at least one entry.");
  requireGapless(events);
  if (first.attempt !== log.attempt || attemptOf(log.tip) !== log.attempt) throw fenced();
  const written = seqOf(log.tip);
  const fresh = first.seq > written ? events : events.filter((event) => event.seq > written);
  if (fresh.length === 0) return [];
  if (log.tip === log.settled) throw fenced();
  if (first.seq > written + 1) throw logGap(log.tip);
  return fresh;
}

/** Whether an entry comes directly after a position in the log (L3). */
export function comesNext(event: LogEvent, after: Cursor): boolean {
  if (event.type === "attempt-start") return event.follows === after;
  return cursorAt(event.attempt, event.seq - 1) === after;
}

export function fenced(): AgentError {
  return new AgentError("fenced", "Another worker holds the conversation, or its run has ended.");
}

export function logGap(tip: Cursor): AgentError {
  return new AgentError("log_gap", `The log ends at ${tip}, before the entries that were to follow.`, {
    details: { tip },
  });
}

function requireGapless(events: readonly LogEvent[]): void {
  let before: LogEvent | undefined;
  for (const event of events) {
    if (before && (event.attempt !== before.attempt || event.seq !== before.seq + 1)) {
      throw new TypeError(`Entries must be one gapless piece: ${cursorOf(event)} after ${cursorOf(before)}.`);
    }
    before = event;
  }
}
