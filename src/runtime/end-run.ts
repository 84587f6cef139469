import { AgentError, cursorAt, lastingMessages, seqOf, spentItems, textOf } from "../core/index.ts";
import type { Conversation, EndedStatus, RunEnd, RunRecord, RunState } from "../core/index.ts";
import type { Attempt } from "./attempt.ts";

/** What the history and the metrics call each way in which a run ends. */
export const ENDED_STATUS: Record<RunEnd["type"], EndedStatus> = {
  "run-completed": "completed",
  "run-failed": "failed",
  "run-cancelled": "cancelled",
  "run-incomplete": "incomplete",
};

/** Ends a run: its last entry together with its record, taking what has nothing left to act on (L5); then tells the app. */
export async function endRun(
  attempt: Attempt,
  event: RunEnd,
  inbox: Conversation["inbox"],
): Promise<"run-ended"> {
  const { writer, settled, callbacks, runtime, task } = attempt;
  const record = recordOf(writer.state, event, settled, runtime.now());
  writer.write(event, { takes: spentItems(record.run, inbox), record });
  await writer.flush();
  callbacks.response(record);
  const { id, agent, status, attempts, usage, text } = record;
  runtime.logger.info(
    { conversation: task.id, run: id, agent, status, attempts, usage, length: text.length },
    "a run ended",
  );
  return "run-ended";
}

/** Ends a run that cannot go on, with an error that is safe to show. */
export async function failRun(
  attempt: Attempt,
  error: AgentError,
  inbox: Conversation["inbox"],
): Promise<"run-ended"> {
  const { code, message } = error;
  await endRun(attempt, { type: "run-failed", code, message, usage: attempt.writer.state.usage }, inbox);
  // After the end, which only the holder can log: another may be reading the response by now.
  await cancelResponse(attempt);
  return "run-ended";
}

/** How long a provider has to stop a response that nobody will read, in milliseconds; the run does not wait longer. */
export const PROVIDER_CANCEL_LIMIT_MS = 3_000;

/** Tells the provider to stop the open step's response, at least once; without it all of it would be paid for (L11). */
export async function cancelResponse({ runtime, task, agent, writer }: Attempt): Promise<void> {
  const responseId = writer.state.open?.response?.responseId;
  if (responseId === undefined || !agent.model.responses) return;
  const signal = AbortSignal.any([task.signal, AbortSignal.timeout(PROVIDER_CANCEL_LIMIT_MS)]);
  try {
    await agent.model.responses.cancel(responseId, { signal });
  } catch (error) {
    runtime.logger.warn(
      { conversation: task.id, responseId, error },
      "could not stop a response at its provider, which ends by itself",
    );
  }
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
