import type { JsonObject, RunEnd, RunRecord } from "../../core/index.ts";
import type { AgUiReader } from "./ag-ui-state.ts";
import { endOfRun } from "./run-finished.ts";
import { answerOfRecord } from "./thread-messages.ts";
import type { DescribedRun } from "../run-projection.ts";

/** A run that has ended, from what outlives its stream: all messages, and how it ended. */
export function eventsOfRecord(
  reader: AgUiReader,
  { conversation }: Pick<DescribedRun, "conversation">,
  record: RunRecord,
): readonly JsonObject[] {
  const { threadId, runId, before } = reader;
  return [
    { type: "RUN_STARTED", threadId, runId },
    { type: "MESSAGES_SNAPSHOT", messages: [...before, ...answerOfRecord(conversation, record)] },
    endOfRun(reader, endOf(record)),
  ];
}

function endOf({ status, usage, error, reason }: RunRecord): RunEnd {
  switch (status) {
    case "completed":
      return { type: "run-completed", usage };
    case "failed":
      return { type: "run-failed", usage, ...(error ?? { code: "internal_error", message: "It failed." }) };
    case "cancelled":
      return { type: "run-cancelled", usage, ...(reason !== undefined && { reason }) };
    case "incomplete":
      return { type: "run-incomplete", usage, reason: reason ?? "unknown" };
  }
}
