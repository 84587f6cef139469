import type { JsonObject, ResponseFormat } from "../../core/index.ts";
import type { ModelStep } from "../../ports/index.ts";
import { GO_ON } from "../ai-sdk/call-from-step.ts";
import { inputFromMessages } from "./input-from-messages.ts";

/** The settings of every response that an agent asks for; absent ones are the provider's own. */
export interface ResponseSettings {
  /** The model's name; with Azure, its deployment's. */
  readonly model: string;
  readonly temperature?: number;
  readonly topP?: number;
  readonly maxOutputTokens?: number;
  /**
   * What a model that thinks first is told about it. Such a model's thoughts are handed back, encrypted, after each tool
   * call. Default: none of it is said, and a model counts as one that thinks by its name. False: it does not.
   */
  readonly reasoning?: { readonly effort?: string; readonly summary?: string } | false;
  /** More fields of the request, named as the Responses API names them. */
  readonly body?: JsonObject;
}

/** The request that makes a step's response: in the background, streamed, and kept by the provider for as long. */
export function requestFromStep(step: ModelStep, settings: ResponseSettings): JsonObject {
  const { model, temperature, topP, maxOutputTokens, reasoning, body } = settings;
  const format = textFormat(step.responseFormat);
  return {
    ...body,
    model,
    background: true,
    stream: true,
    store: true,
    input: [...inputFromMessages(step.messages), ...goOn(step)],
    ...(step.instructions !== "" && { instructions: step.instructions }),
    ...(step.tools.length > 0 && { tools: step.tools.map(functionTool) }),
    ...(format && { text: { ...fieldsOf(body?.["text"]), format } }),
    ...(temperature !== undefined && { temperature }),
    ...(topP !== undefined && { top_p: topP }),
    ...(maxOutputTokens !== undefined && { max_output_tokens: maxOutputTokens }),
    ...(reasoning && { reasoning }),
    ...(thinks(settings) && { include: ["reasoning.encrypted_content"] }),
  };
}

function goOn({ continues }: ModelStep): readonly JsonObject[] {
  return continues ? [{ role: "user", content: [{ type: "input_text", text: GO_ON }] }] : [];
}

function functionTool({ name, description, inputSchema }: ModelStep["tools"][number]): JsonObject {
  return {
    type: "function",
    name,
    ...(description !== undefined && { description }),
    parameters: inputSchema,
    // The API's own default makes every optional field a required one that may be null.
    strict: false,
  };
}

function textFormat(format: ResponseFormat): JsonObject | undefined {
  if (format.type === "text") return undefined;
  if (format.schema === undefined) return { type: "json_object" };
  return { type: "json_schema", name: format.name ?? "response", schema: format.schema, strict: true };
}

function fieldsOf(value: unknown): JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

/** Models that do not think refuse to be asked for encrypted thoughts. */
function thinks({ model, reasoning }: ResponseSettings): boolean {
  if (reasoning !== undefined) return reasoning !== false;
  return /\b(?:o\d|gpt-[5-9]|codex)/i.test(model) && !/chat/i.test(model);
}
