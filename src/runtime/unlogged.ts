import { AgentError, loggedKey } from "../core/index.ts";
import type { ProviderResponse, StepEvent } from "../core/index.ts";
import type { LogWriter } from "./log-writer.ts";

/** Where the events of a model's answer go: of one that begins, to the run's writer itself. */
export interface AnswerLog {
  write(event: StepEvent): void;
  /** To be called when the answer is whole, before its message is logged. */
  end?(): void;
}

/**
 * The log of an answer that its provider says once more from the beginning: what is logged already is left out, and
 * compared with, however either was cut into deltas. An answer that is another one is given up: `provider-response-lost`
 * is logged and `model_unavailable` thrown, so that readers never see two answers mixed (L7).
 */
export function unloggedAnswer(
  writer: LogWriter,
  step: number,
  response: ProviderResponse,
): Required<AnswerLog> {
  const { logged, loggedData } = response;
  /** How much of what is logged was said again. */
  const repeated = new Map<string, number>();
  let repeatedData = 0;

  function write(event: StepEvent): void {
    if (event.type === "provider-response") giveUp(writer, step);
    else if (event.type === "data") {
      repeatedData += 1;
      if (repeatedData > loggedData) writer.write(event);
    } else {
      const key = loggedKey(event);
      const known = key === undefined ? undefined : logged[key];
      if (key === undefined || known === undefined) writer.write(event);
      else if ("delta" in event) writeRest(event, key, known);
    }
  }

  function writeRest(event: Extract<StepEvent, { delta: string }>, key: string, known: string): void {
    // A text that is logged in part was set apart when it began.
    if (event.type === "text-delta" && event.separator) return;
    const from = repeated.get(key) ?? 0;
    const again = known.slice(from, from + event.delta.length);
    if (!event.delta.startsWith(again)) giveUp(writer, step);
    repeated.set(key, from + again.length);
    const delta = event.delta.slice(again.length);
    if (delta !== "") writer.write({ ...event, delta });
  }

  function end(): void {
    const missing = Object.entries(logged).some(([key, known]) => (repeated.get(key) ?? 0) < known.length);
    if (missing || repeatedData < loggedData) giveUp(writer, step);
  }

  return { write, end };
}

function giveUp(writer: LogWriter, step: number): never {
  writer.write({ type: "provider-response-lost", step });
  throw new AgentError(
    "model_unavailable",
    "The model's provider gave another answer than the one it began.",
  );
}
