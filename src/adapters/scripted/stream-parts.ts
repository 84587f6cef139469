import type {
  LanguageModelV4CallOptions,
  LanguageModelV4Content,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamPart,
  LanguageModelV4Usage,
} from "@ai-sdk/provider";
import type { Reply } from "./reply.ts";
import { chunksFromText } from "./text-chunks.ts";

/** The parts of a reply in the order of the stream; `maxOutputTokens` cuts the text as it cuts a real model's. */
export function partsFromReply(
  reply: Reply,
  call: LanguageModelV4CallOptions,
  timestamp: Date,
  modelId: string,
): readonly LanguageModelV4StreamPart[] {
  const promptText = textOfPrompt(call);
  const id = hashOf(promptText);
  const chunks = chunksFromText(reply.text);
  const sent = chunks.slice(0, call.maxOutputTokens ?? chunks.length);
  const cut = sent.length < chunks.length;
  const calls = cut
    ? []
    : reply.calls.flatMap((each, index) =>
        callParts(`call-${id}-${index}`, each.toolName, JSON.stringify(each.input)),
      );
  const outputTokens = sent.length + calls.filter(({ type }) => type === "tool-input-delta").length;
  const finish = finishReason(cut, reply);
  return [
    { type: "stream-start", warnings: [] },
    { type: "response-metadata", id: `response-${id}`, modelId, timestamp },
    ...textParts(`text-${id}`, sent),
    ...calls,
    {
      type: "finish",
      finishReason: { unified: finish, raw: finish },
      usage: usageOf(chunksFromText(promptText).length, outputTokens, sent.length),
    },
  ];
}

/** The same parts as the one answer of a call that does not stream. */
export function resultFromParts(parts: readonly LanguageModelV4StreamPart[]): LanguageModelV4GenerateResult {
  const content: LanguageModelV4Content[] = [];
  let result: Omit<LanguageModelV4GenerateResult, "content"> | undefined;
  let response: LanguageModelV4GenerateResult["response"];
  const text = parts.flatMap((part) => (part.type === "text-delta" ? [part.delta] : [])).join("");
  if (text !== "") content.push({ type: "text", text });
  for (const part of parts) {
    if (part.type === "tool-call") content.push(part);
    if (part.type === "response-metadata") response = withoutType(part);
    if (part.type === "finish") result = { finishReason: part.finishReason, usage: part.usage, warnings: [] };
  }
  if (result === undefined) throw new TypeError("The parts have no finish part; pass all parts of a reply.");
  return { ...result, content, ...(response === undefined ? {} : { response }) };
}

type StreamPart<Type> = Extract<LanguageModelV4StreamPart, { type: Type }>;

function withoutType({
  type: _type,
  ...metadata
}: StreamPart<"response-metadata">): NonNullable<LanguageModelV4GenerateResult["response"]> {
  return metadata;
}

function textParts(id: string, chunks: readonly string[]): readonly LanguageModelV4StreamPart[] {
  if (chunks.length === 0) return [];
  return [
    { type: "text-start", id },
    ...chunks.map((delta) => ({ type: "text-delta" as const, id, delta })),
    { type: "text-end", id },
  ];
}

function callParts(id: string, toolName: string, input: string): readonly LanguageModelV4StreamPart[] {
  return [
    { type: "tool-input-start", id, toolName },
    ...chunksFromText(input).map((delta) => ({ type: "tool-input-delta" as const, id, delta })),
    { type: "tool-input-end", id },
    { type: "tool-call", toolCallId: id, toolName, input },
  ];
}

function finishReason(cut: boolean, reply: Reply): "length" | "tool-calls" | "stop" {
  if (cut) return "length";
  return reply.calls.length > 0 ? "tool-calls" : "stop";
}

/** One chunk counts as one token: about right for English, and exact for nothing. */
function usageOf(input: number, output: number, text: number): LanguageModelV4Usage {
  return {
    inputTokens: { total: input, noCache: input, cacheRead: 0, cacheWrite: 0 },
    outputTokens: { total: output, text, reasoning: 0 },
  };
}

/** All text that a provider would be sent; files count for nothing. */
function textOfPrompt({ prompt }: LanguageModelV4CallOptions): string {
  return prompt
    .map((message) =>
      message.role === "system" ? message.content : message.content.map(textOfPart).join(" "),
    )
    .join("\n");
}

function textOfPart(
  part: Exclude<LanguageModelV4CallOptions["prompt"][number], { role: "system" }>["content"][number],
): string {
  switch (part.type) {
    case "text":
    case "reasoning":
      return part.text;
    case "tool-call":
      return `${part.toolCallId} ${part.toolName} ${JSON.stringify(part.input)}`;
    case "tool-result":
      return `${part.toolCallId} ${part.toolName} ${JSON.stringify(part.output)}`;
    case "file":
    case "reasoning-file":
    case "custom":
    case "tool-approval-response":
      return "";
  }
}

/** Names a call by its prompt, which grows with each step: ids are unique in a conversation and the same on a retry. */
function hashOf(text: string): string {
  let low = 0x811c9dc5;
  let high = text.length;
  for (let index = 0; index < text.length; index += 1) {
    low = Math.imul(low ^ text.charCodeAt(index), 0x01000193);
    high = Math.imul(high ^ low, 0x85ebca6b) ^ (high >>> 13);
  }
  return [high, low].map((part) => (part >>> 0).toString(16).padStart(8, "0")).join("");
}
