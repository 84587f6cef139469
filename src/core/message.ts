import type { JsonValue } from "./json.ts";

/**
 * What was said in a conversation, in the shape that language models take it (the AI SDK's prompt format), so that
 * the stored history can be handed to any model as it is.
 */
export type Message = UserMessage | AssistantMessage | ToolMessage;

export interface UserMessage {
  readonly role: "user";
  readonly content: readonly TextPart[];
}

export interface AssistantMessage {
  readonly role: "assistant";
  readonly content: readonly (TextPart | ReasoningPart | ToolCallPart | ToolResultPart)[];
}

export interface ToolMessage {
  readonly role: "tool";
  readonly content: readonly ToolResultPart[];
}

/** What a provider wants back unchanged with a part, such as a signature of its reasoning. */
export type ProviderOptions = Readonly<Record<string, Readonly<Record<string, JsonValue>>>>;

export interface TextPart {
  readonly type: "text";
  readonly text: string;
  readonly providerOptions?: ProviderOptions;
}

export interface ReasoningPart {
  readonly type: "reasoning";
  readonly text: string;
  readonly providerOptions?: ProviderOptions;
}

export interface ToolCallPart {
  readonly type: "tool-call";
  readonly toolCallId: string;
  readonly toolName: string;
  readonly input: JsonValue;
  /** The provider ran the tool itself; nothing is left for us to do. */
  readonly providerExecuted?: boolean;
  readonly providerOptions?: ProviderOptions;
}

export interface ToolResultPart {
  readonly type: "tool-result";
  readonly toolCallId: string;
  readonly toolName: string;
  readonly output: ToolOutput;
  readonly providerOptions?: ProviderOptions;
}

/** What a tool gave back, or why it gave nothing: all of it goes to the model. */
export type ToolOutput =
  | { readonly type: "text"; readonly value: string }
  | { readonly type: "json"; readonly value: JsonValue }
  | { readonly type: "error-text"; readonly value: string }
  | { readonly type: "execution-denied"; readonly reason?: string };

/** The tool calls of a message that are ours to execute. */
export function callsToExecute(message: AssistantMessage): readonly ToolCallPart[] {
  return message.content.filter(
    (part): part is ToolCallPart => part.type === "tool-call" && part.providerExecuted !== true,
  );
}
