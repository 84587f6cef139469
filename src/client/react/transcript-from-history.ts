import { parseCursor } from "../../core/index.ts";
import type { HistoryRun, RunProblem } from "../answers.ts";
import type { ClientErrorCode } from "../client-error.ts";
import type { MessagePart, Outcome, Problem } from "./conversation-message.ts";
import { abandon, changeCall, outcomeOfOutput } from "./run-view.ts";
import type { RunView } from "./run-view.ts";
import type { Transcript } from "./transcript.ts";

/** What the history tells of the runs that have ended. It knows no data of the app's own. */
export function transcriptFromHistory(runs: readonly HistoryRun[]): Transcript {
  const last = runs.at(-1);
  return { runs: runs.map(viewFromHistory), ...(last && { cursor: parseCursor(last.cursor) }) };
}

function viewFromHistory(record: HistoryRun): RunView {
  const { run, message: input, response: text } = record;
  return { run, input, text, parts: partsOf(record).map(abandon), outcome: outcomeOf(record) };
}

function partsOf({ messages }: HistoryRun): readonly MessagePart[] {
  let parts: readonly MessagePart[] = [];
  for (const message of messages) {
    if (message.role === "user") continue;
    for (const part of message.content) {
      switch (part.type) {
        case "text":
        case "reasoning":
          parts = [...parts, { type: part.type, id: String(parts.length), text: part.text }];
          break;
        case "tool-call":
          parts = changeCall(parts, part.toolCallId, part.toolName, () => {
            return { state: "ready", input: part.input };
          });
          break;
        case "tool-result":
          parts = changeCall(parts, part.toolCallId, part.toolName, (call) => {
            return outcomeOfOutput(call && "input" in call ? (call.input ?? null) : null, part.output);
          });
          break;
      }
    }
  }
  return parts;
}

function outcomeOf({ status, error, reason }: HistoryRun): Outcome {
  switch (status) {
    case "completed":
      return { state: "completed" };
    case "failed":
      return { state: "failed", problem: problemOf(error) };
    case "cancelled":
      return { state: "cancelled", reason };
    case "incomplete":
      return { state: "incomplete", reason: reason ?? "other" };
  }
}

/** The answer's shape was checked where it was read; its codes are of the server's closed list. */
function problemOf(problem: RunProblem | undefined): Problem {
  if (!problem) return { code: "internal_error", message: "The run failed." };
  return { code: problem.code as ClientErrorCode, message: problem.message };
}
