import type {
  JSONSchema7,
  LanguageModelV4CallOptions,
  LanguageModelV4FunctionTool,
  LanguageModelV4Message,
  LanguageModelV4ToolCallPart,
} from "@ai-sdk/provider";
import type {
  AssistantMessage,
  JsonObject,
  JsonValue,
  Message,
  ResponseFormat,
  ToolCallPart,
} from "../../core/index.ts";
import type { ModelStep, ToolDescription } from "../../ports/index.ts";

/** The settings of every call that an agent makes, as the AI SDK knows them; absent ones are the provider's own. */
export type ModelSettings = Readonly<
  Pick<
    LanguageModelV4CallOptions,
    | "frequencyPenalty"
    | "headers"
    | "maxOutputTokens"
    | "presencePenalty"
    | "providerOptions"
    | "reasoning"
    | "seed"
    | "stopSequences"
    | "temperature"
    | "topK"
    | "topP"
  >
>;

/** The model call that a step asks for. */
export function callFromStep(
  step: ModelStep,
  settings: ModelSettings,
  signal: AbortSignal,
  prefill: boolean = false,
): LanguageModelV4CallOptions {
  const system: LanguageModelV4Message[] =
    step.instructions === "" ? [] : [{ role: "system", content: step.instructions }];
  return {
    ...settings,
    prompt: [...system, ...step.messages.flatMap(promptFromMessage), ...goOn(step, prefill)],
    responseFormat: callFormat(step.responseFormat),
    ...(step.tools.length > 0 && { tools: step.tools.map(functionTool), toolChoice: { type: "auto" } }),
    abortSignal: signal,
  };
}

/** With prefill a model goes on from an answer that stands last; any other must be asked to. */
function goOn({ continues }: ModelStep, prefill: boolean): readonly LanguageModelV4Message[] {
  return continues && !prefill ? [{ role: "user", content: [{ type: "text", text: GO_ON }] }] : [];
}

/** What asks a model to go on, where it cannot be made to by an answer that stands last. */
export const GO_ON: string =
  "Your answer was cut off by a technical fault. Go on from the very character at which it ends. " +
  "Do not repeat any of it, do not begin anew, and do not mention the interruption.";

function promptFromMessage(message: Message): readonly LanguageModelV4Message[] {
  switch (message.role) {
    case "user":
      return [{ role: "user", content: [...message.content] }];
    case "assistant":
      return promptFromAssistant(message);
    case "tool":
      return [{ role: "tool", content: [...message.content] }];
  }
}

type AssistantContent = Extract<LanguageModelV4Message, { role: "assistant" }>["content"];

/** Providers refuse empty texts and empty messages, and a model can very well answer nothing. */
function promptFromAssistant(message: AssistantMessage): readonly LanguageModelV4Message[] {
  const content = message.content
    .filter((part) => part.type !== "text" || part.text !== "" || part.providerOptions !== undefined)
    .map((part): AssistantContent[number] => (part.type === "tool-call" ? promptToolCall(part) : part));
  return content.length === 0 ? [] : [{ role: "assistant", content }];
}

/** The model wrote an input that is no JSON object: some providers take it back only as an object. */
function promptToolCall(call: ToolCallPart): LanguageModelV4ToolCallPart {
  return call.providerExecuted === true || isObject(call.input) ? call : { ...call, input: {} };
}

function isObject(value: JsonValue): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function callFormat(format: ResponseFormat): NonNullable<LanguageModelV4CallOptions["responseFormat"]> {
  if (format.type === "text") return { type: "text" };
  return {
    type: "json",
    ...(format.name !== undefined && { name: format.name }),
    ...(format.schema !== undefined && { schema: brandSchema(format.schema) }),
  };
}

function functionTool(tool: ToolDescription): LanguageModelV4FunctionTool {
  return {
    type: "function",
    name: tool.name,
    ...(tool.description !== undefined && { description: tool.description }),
    inputSchema: brandSchema(tool.inputSchema),
  };
}

/** The providers check schemas themselves, each in its own way. */
function brandSchema(schema: JsonObject): JSONSchema7 {
  return schema as JSONSchema7;
}
