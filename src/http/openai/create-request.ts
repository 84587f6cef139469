import * as z from "zod";
import { AgentError } from "../../core/index.ts";
import type { JsonObject, ResponseFormat } from "../../core/index.ts";
import { parseResponseId } from "../../projections/openai-responses/index.ts";
import type { ResponsePlace } from "../../projections/openai-responses/index.ts";
import { checkShape } from "../check-shape.ts";
import type { RefuseField } from "../check-shape.ts";
import { parseJson } from "../parse-json.ts";
import { readInput } from "./read-input.ts";
import type { InputItem } from "./read-input.ts";
import { refusal, unsupported } from "./openai-error.ts";

/** What a request for a response asks, as far as it can be asked of an agent. */
export interface CreateRequest {
  /** The agent's name; undefined: the conversation's, or the first. */
  readonly model: string | undefined;
  readonly input: readonly InputItem[];
  readonly background: boolean;
  readonly stream: boolean;
  readonly instructions: string | undefined;
  readonly metadata: JsonObject | undefined;
  readonly previous: ResponsePlace | undefined;
  /** As the client wrote it. */
  readonly conversation: string | undefined;
  readonly responseFormat: ResponseFormat | undefined;
  readonly enableToolCalls: boolean | undefined;
}

const FORMAT = z.looseObject({
  type: z.enum(["text", "json_object", "json_schema"]),
  name: z.optional(z.string()),
  schema: z.optional(z.record(z.string(), z.json())),
});

const BODY = z.looseObject({
  model: z.nullish(z.string().min(1)),
  input: z.union([z.string(), z.array(z.looseObject({ type: z.optional(z.string()) }))]),
  background: z.nullish(z.boolean()),
  stream: z.nullish(z.boolean()),
  store: z.nullish(z.boolean()),
  instructions: z.nullish(z.string()),
  metadata: z.nullish(z.record(z.string(), z.json())),
  previous_response_id: z.nullish(z.string()),
  conversation: z.nullish(z.union([z.string(), z.looseObject({ id: z.string() })])),
  text: z.nullish(z.looseObject({ format: z.nullish(FORMAT) })),
  tools: z.nullish(z.array(z.unknown())),
  tool_choice: z.optional(z.unknown()),
});

type Body = z.infer<typeof BODY>;

/**
 * Reads a request for a response. What only tunes a model (`temperature`, `reasoning`, …) is taken and has no effect, since
 * the agent has its own; what would change what the request means is refused by its name.
 */
export function readCreateRequest(text: string): CreateRequest {
  const body = checkShape(BODY, parseJson(text), refuseValue);
  refuseWhatChangesTheMeaning(body);
  const { conversation, previous_response_id: previous } = body;
  if (conversation && previous) {
    throw refusal(
      "previous_response_id",
      "mutually_exclusive_parameters",
      "previous_response_id and conversation cannot be used together.",
    );
  }
  return {
    model: body.model ?? undefined,
    input: readInput(body.input),
    background: body.background ?? false,
    stream: body.stream ?? false,
    instructions: body.instructions ?? undefined,
    metadata: body.metadata ?? undefined,
    previous: previous ? previousResponse(previous) : undefined,
    conversation: typeof conversation === "string" ? conversation : conversation?.id,
    responseFormat: responseFormat(body.text?.format ?? undefined),
    enableToolCalls: body.tool_choice === "none" ? false : undefined,
  };
}

const refuseValue: RefuseField = (param, message) => refusal(param, "invalid_value", message);

function previousResponse(id: string): ResponsePlace {
  try {
    return parseResponseId(id);
  } catch (error) {
    const { code, message } = AgentError.from(error);
    throw refusal("previous_response_id", code, message);
  }
}

/** What is refused whatever it says, with why. */
const REFUSED: Readonly<Record<string, string>> = {
  prompt: "an agent's instructions are its own; add to them with instructions.",
  max_tool_calls: "an agent has its own limits.",
  moderation: "what an agent says is not moderated here.",
};

function refuseWhatChangesTheMeaning(body: Body): void {
  for (const [name, why] of Object.entries(REFUSED)) {
    if (body[name] !== undefined && body[name] !== null) throw unsupported(name, why);
  }
  if (body.store === false)
    throw unsupported("store: false", "every response is stored; delete it afterwards.");
  if (body.tools && body.tools.length > 0) {
    throw unsupported("tools", "an agent has its own tools, which the server executes.");
  }
  const { tool_choice: choice = null } = body;
  if (choice !== null && choice !== "auto" && choice !== "none") {
    throw unsupported("tool_choice", "of an agent's own tools only all or none can be chosen: auto, none.");
  }
}

function responseFormat(format: z.infer<typeof FORMAT> | undefined): ResponseFormat | undefined {
  if (format === undefined) return undefined;
  const { type, name, schema } = format;
  if (type === "text") return { type };
  if (type === "json_object") return { type: "json" };
  if (schema === undefined) {
    throw refusal("text.format.schema", "missing_required_parameter", "A json_schema needs a schema.");
  }
  return { type: "json", ...(name !== undefined && { name }), schema };
}
