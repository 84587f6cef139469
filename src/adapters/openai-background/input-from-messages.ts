import type {
  AssistantMessage,
  JsonObject,
  JsonValue,
  Message,
  ProviderOptions,
  ToolOutput,
} from "../../core/index.ts";

/**
 * The input items that messages are in the Responses API. No item carries an id, so that nothing depends on what the
 * provider still keeps. Reasoning goes back only encrypted and only within the run that it belongs to, where the model
 * goes on thinking after a tool call: of earlier runs the provider would ignore it, or refuse what another key made.
 */
export function inputFromMessages(messages: readonly Message[]): readonly JsonObject[] {
  const lastUser = messages.findLastIndex((message) => message.role === "user");
  return messages.flatMap((message, index): readonly JsonObject[] => {
    switch (message.role) {
      case "user": {
        const content = message.content.map(({ text }) => ({ type: "input_text", text }));
        return [{ role: "user", content }];
      }
      case "assistant":
        return itemsFromAssistant(message, index > lastUser);
      case "tool":
        return message.content.map(({ toolCallId, output }) => ({
          type: "function_call_output",
          call_id: toolCallId,
          output: textFromOutput(output),
        }));
    }
  });
}

type Part = AssistantMessage["content"][number];

function itemsFromAssistant({ content }: AssistantMessage, withReasoning: boolean): readonly JsonObject[] {
  const items = content.flatMap((part) => itemFromPart(part, content, withReasoning));
  // The API refuses reasoning that nothing follows.
  const end = items.findLastIndex((item) => item["type"] !== "reasoning");
  return items.slice(0, end + 1);
}

function itemFromPart(part: Part, content: readonly Part[], withReasoning: boolean): readonly JsonObject[] {
  switch (part.type) {
    case "text": {
      if (part.text === "") return [];
      const phase = optionOf(part.providerOptions, "phase");
      const text = [{ type: "output_text", text: part.text }];
      return [{ role: "assistant", content: text, ...(phase !== undefined && { phase }) }];
    }
    case "reasoning":
      return withReasoning ? itemFromReasoning(part, content) : [];
    case "tool-call":
      // What another provider ran itself means nothing to this one.
      if (part.providerExecuted === true) return [];
      return [
        {
          type: "function_call",
          call_id: part.toolCallId,
          name: part.toolName,
          arguments: JSON.stringify(isObject(part.input) ? part.input : {}),
        },
      ];
    case "tool-result":
      return [];
  }
}

/** One item, whose parts of summary are parts of their own here; the first of them carries its content. */
function itemFromReasoning(
  { providerOptions }: Extract<Part, { type: "reasoning" }>,
  content: readonly Part[],
): readonly JsonObject[] {
  const id = optionOf(providerOptions, "itemId");
  const encryptedContent = optionOf(providerOptions, "reasoningEncryptedContent");
  if (id === undefined || encryptedContent === undefined) return [];
  const texts = content.flatMap((part) =>
    part.type === "reasoning" && optionOf(part.providerOptions, "itemId") === id && part.text !== ""
      ? [part.text]
      : [],
  );
  const summary = texts.map((text) => ({ type: "summary_text", text }));
  return [{ type: "reasoning", id, summary, encrypted_content: encryptedContent }];
}

/** An option of this provider, under either of the names that the AI SDK gives it too. */
function optionOf(options: ProviderOptions | undefined, name: string): string | undefined {
  const value = options?.["openai"]?.[name] ?? options?.["azure"]?.[name];
  return typeof value === "string" ? value : undefined;
}

function textFromOutput(output: ToolOutput): string {
  switch (output.type) {
    case "text":
    case "error-text":
      return output.value;
    case "json":
      return JSON.stringify(output.value);
    case "execution-denied":
      return output.reason ?? "The call was not allowed.";
  }
}

function isObject(value: JsonValue): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
