import { AgentError } from "../../core/index.ts";
import type { JsonObject } from "../../core/index.ts";
import {
  createOpenAiResponsesProjection,
  endsPart,
  isToBe,
  responseId,
  responseJson,
  responseOfRecord,
} from "../../projections/openai-responses/index.ts";
import type { ResponsePlace } from "../../projections/openai-responses/index.ts";
import { CONVERSATION_ID } from "../../protocol/index.ts";
import { describeRun, openReading, recordOfRun } from "../../runtime/index.ts";
import type { Reading, RunDescription, Runtime } from "../../runtime/index.ts";
import { foldRun } from "../fold-run.ts";
import { projectedStream } from "../projected-stream.ts";
import type { Call } from "../route.ts";

/** Throws `run_not_found`, and `conversation_not_found`. */
export function runOfResponse(
  runtime: Runtime,
  { conversation, run }: ResponsePlace,
): Promise<RunDescription> {
  return describeRun(runtime, conversation, run);
}

/** A response as it stands now. Throws `run_not_found` for a part that its run has not come to. */
export async function currentResponse(
  runtime: Runtime,
  run: RunDescription,
  part: number,
): Promise<JsonObject> {
  try {
    const { state } = await foldRun(runtime, createOpenAiResponsesProjection(part), run);
    if (!isToBe(state)) throw noSuchPart(run, part);
    return responseJson(state);
  } catch (error) {
    if (AgentError.from(error).code !== "stream_expired") throw error;
    const record = await recordOfRun(runtime, run.conversation, run.run);
    if (!record) throw error;
    return responseOfRecord(run, part, record);
  }
}

function noSuchPart({ conversation, run }: RunDescription, part: number): AgentError {
  return new AgentError(
    "run_not_found",
    `There is no response ${responseId({ conversation, run, part })}: its run has not waited so often.`,
  );
}

/** The stream of a response, after the event with a number that the client has. */
export async function responseStream(
  call: Call,
  run: RunDescription,
  part: number,
  startingAfter?: number,
): Promise<Response> {
  const id = responseId({ conversation: run.conversation, run: run.run, part });
  // A cut before the first event leaves a client nothing to say but the address.
  const after = startingAfter === undefined ? "" : `&starting_after=${startingAfter}`;
  return projectedStream(call, {
    run,
    projection: createOpenAiResponsesProjection(part),
    ...(startingAfter !== undefined && { seen: { index: startingAfter, skipped: [] } }),
    // Clients count events, and know by `output_item.done` and the last event what was withdrawn.
    withdrawn: true,
    until: endsPart(part),
    resume: `/v1/responses/${id}?stream=true${after}`,
    headers: { [CONVERSATION_ID]: run.conversation },
  });
}

/** Waits for a response to be over and gives it; undefined when the signal aborts first. */
export async function finishedResponse(
  runtime: Runtime,
  run: RunDescription,
  part: number,
  signal: AbortSignal,
): Promise<JsonObject | undefined> {
  const reading = await openReading(runtime, {
    id: run.conversation,
    run: run.run,
    everything: true,
    withdrawn: true,
  }).catch((error: unknown) => {
    // Long over: the record tells it.
    if (AgentError.from(error).code === "stream_expired") return { kind: "nothing-left" } as const;
    throw error;
  });
  if (reading.kind === "entries" && !(await comesToItsEnd(reading, part, signal))) return undefined;
  return currentResponse(runtime, run, part);
}

function comesToItsEnd(
  { read }: Extract<Reading, { kind: "entries" }>,
  part: number,
  signal: AbortSignal,
): Promise<boolean> {
  const isLast = endsPart(part);
  return new Promise((resolve, reject) => {
    const reader = read({
      take({ events, ended }) {
        if (events.some(isLast) || ended) settle(() => resolve(true));
        return true;
      },
      fail: (error) => settle(() => (signal.aborted ? resolve(false) : reject(error))),
    });
    const stop = (): void => settle(() => resolve(false));
    function settle(act: () => void): void {
      signal.removeEventListener("abort", stop);
      reader.stop();
      act();
    }
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}
