import { cursorAt, lastingMessages, seqOf, spentItems, textOf } from "../core/index.ts";
import type { Conversation, EndedStatus, EventBody, RunEnd, RunRecord, RunState } from "../core/index.ts";
import type { LogWriter } from "./log-writer.ts";

/** What the history and the metrics call each way in which a run ends. */
export const ENDED_STATUS: Record<RunEnd["type"], EndedStatus> = {
  "run-completed": "completed",
  "run-failed": "failed",
  "run-cancelled": "cancelled",
  "run-incomplete": "incomplete",
};

/** Logs the end of a run together with its record, and takes what has nothing left to act on (L5). */
export async function endRun(
  writer: LogWriter,
  end: RunEnd & EventBody,
  { inbox, settled }: Pick<Conversation, "inbox" | "settled">,
  now: number,
): Promise<RunRecord> {
  const { state } = writer;
  const record = recordOf(state, end, settled, now);
  writer.write(end, { takes: spentItems(record.run, inbox), record });
  await writer.flush();
  return record;
}

function recordOf(state: RunState, end: RunEnd, from: Conversation["settled"], now: number): RunRecord {
  const { start } = state;
  if (!start) throw new TypeError("Only a run that has started can end.");
  return {
    run: start.run,
    id: start.id,
    agent: start.agent,
    status: ENDED_STATUS[end.type],
    input: start.input,
    options: start.options,
    ...(start.metadata && { metadata: start.metadata }),
    messages: lastingMessages(state),
    text: textOf(state),
    usage: end.usage,
    ...(end.type === "run-failed" && { error: { code: end.code, message: end.message } }),
    ...((end.type === "run-cancelled" || end.type === "run-incomplete") &&
      end.reason !== undefined && { reason: end.reason }),
    acceptedAt: start.acceptedAt,
    startedAt: start.at,
    endedAt: now,
    attempts: state.attempts,
    steps: state.steps,
    from,
    to: cursorAt(state.attempt, seqOf(state.tip) + 1),
  };
}
