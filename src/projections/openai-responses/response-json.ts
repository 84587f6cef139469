import type { JsonObject, ResponseFormat, Usage } from "../../core/index.ts";
import type { DescribedRun } from "../run-projection.ts";
import { itemJson } from "./items.ts";
import { responseId } from "./response-id.ts";
import type { ResponseState, ResponseStatus } from "./response-state.ts";

/** The response object, as `retrieve` gives it and as the stream's first and last events carry it. */
export function responseJson(state: ResponseState): JsonObject {
  const { run, part, status, usage, error, reason, endedAt } = state;
  return {
    ...requestFields(run, part),
    status,
    completed_at: endedAt === undefined ? null : seconds(endedAt),
    output: outputOf(state),
    error,
    incomplete_details: incompleteDetails(status, reason),
    usage: endedAt === undefined ? null : usageJson(usage),
  };
}

/** What a request has settled of its response. What it may not settle here has the protocol's word for it, or null. */
function requestFields({ conversation, run, ...described }: DescribedRun, part: number): JsonObject {
  const { agent, options, metadata = {}, acceptedAt } = described;
  return {
    id: responseId({ conversation, run, part }),
    object: "response",
    created_at: seconds(acceptedAt),
    background: true,
    store: true,
    model: agent,
    conversation: { id: conversation },
    previous_response_id: previousResponse({ conversation, run, part }),
    instructions: options.instructions ?? null,
    metadata,
    text: { format: textFormat(options.responseFormat) },
    tool_choice: options.enableToolCalls === false ? "none" : "auto",
    tools: [],
    parallel_tool_calls: true,
    temperature: null,
    top_p: null,
    max_output_tokens: null,
    truncation: "disabled",
  };
}

function previousResponse(place: Parameters<typeof responseId>[0]): string | null {
  const { run, part } = place;
  if (part > 1) return responseId({ ...place, part: part - 1 });
  return run > 1 ? responseId({ ...place, run: run - 1 }) : null;
}

function textFormat(format: ResponseFormat | undefined): JsonObject {
  if (format === undefined || format.type === "text") return { type: "text" };
  const { name = "response", schema } = format;
  return schema === undefined ? { type: "json_object" } : { type: "json_schema", name, schema };
}

function outputOf({ run, done, open }: ResponseState): readonly JsonObject[] {
  const unfinished = open.map((each) => ({ ...each, status: "in_progress" as const }));
  return [...done, ...unfinished]
    .toSorted((a, b) => a.index - b.index)
    .map(({ item, status }) => itemJson(item, status, run.agent));
}

function incompleteDetails(status: ResponseStatus, reason: string | undefined): JsonObject | null {
  if (status === "cancelled") return { reason: "cancelled" };
  return status === "incomplete" ? { reason: reason ?? "unknown" } : null;
}

/** The providers' counts, of which the finer ones are not kept. */
function usageJson({ inputTokens, outputTokens }: Usage): JsonObject {
  return {
    input_tokens: inputTokens,
    input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: inputTokens + outputTokens,
  };
}

function seconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}
