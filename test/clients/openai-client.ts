import OpenAI from "openai";
import { runName } from "../../src/protocol/index.ts";
import type { ConversationId } from "../../src/core/index.ts";
import { parseResponseId } from "../../src/projections/openai-responses/index.ts";

type Response = OpenAI.Responses.Response;
type Event = OpenAI.Responses.ResponseStreamEvent;

export interface OpenAiClientOptions {
  readonly maxRetries?: number;
  readonly fetch?: typeof fetch;
}

/** The stock client, told to ask a server on this machine. */
export function createOpenAi(port: number, options: OpenAiClientOptions = {}): OpenAI {
  return new OpenAI({ apiKey: "test", baseURL: `http://127.0.0.1:${port}/v1`, logLevel: "off", ...options });
}

/** What a reader of single events puts together, who drops what the last event's output is without. */
export function textOfEvents(events: readonly Event[]): string {
  const last = events.findLast((event) => "response" in event);
  const kept = new Set(last && "response" in last ? last.response.output.map(({ id }) => id) : []);
  return events
    .flatMap((event) =>
      event.type === "response.output_text.delta" && kept.has(event.item_id) ? [event.delta] : [],
    )
    .join("");
}

/** Where the native API keeps the run of a response. */
export function nativePlace(response: Pick<Response, "id">): {
  readonly conversation: ConversationId;
  readonly run: number;
  readonly name: string;
} {
  const { conversation, run } = parseResponseId(response.id);
  return { conversation, run, name: runName({ conversation, run }) };
}
