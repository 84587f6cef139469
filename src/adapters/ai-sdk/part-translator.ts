import type {
  LanguageModelV4FinishReason,
  LanguageModelV4StreamPart,
  LanguageModelV4ToolResult,
  LanguageModelV4Usage,
  SharedV4ProviderMetadata,
} from "@ai-sdk/provider";
import { AgentError } from "../../core/index.ts";
import type { FinishReason, ProviderOptions, ToolOutput, Usage } from "../../core/index.ts";
import type { AgentUpdate } from "../../ports/index.ts";
import { errorFromAiSdk } from "./ai-sdk-error.ts";
import { dataFromFile, dataFromSource } from "./data-from-part.ts";
import { parseToolInput } from "./tool-input.ts";

/**
 * Translates one stream's parts into updates, in order. A part may give none: what belongs to the wire alone, what is
 * superseded (preliminary tool results), and what no one can show (a provider's own `custom` content).
 * Throws an `AgentError` at an `error` part and at a `finish` that says that the answer is not whole.
 */
export type PartTranslator = (part: LanguageModelV4StreamPart) => readonly AgentUpdate[];

export function createPartTranslator(): PartTranslator {
  const metadata = createPartMetadata();
  return (part) => {
    switch (part.type) {
      case "text-start":
      case "reasoning-start":
        metadata.note(part);
        return [{ type: part.type, id: part.id }];
      case "text-delta":
      case "reasoning-delta":
        metadata.note(part);
        return part.delta === "" ? [] : [{ type: part.type, id: part.id, delta: part.delta }];
      case "text-end":
      case "reasoning-end":
        metadata.note(part);
        return [{ type: part.type, id: part.id, ...optionsFromMetadata(metadata.take(part)) }];
      case "tool-input-start":
        return [{ type: "tool-input-start", callId: part.id, name: part.toolName }];
      case "tool-input-delta":
        return part.delta === "" ? [] : [{ type: "tool-input-delta", callId: part.id, delta: part.delta }];
      case "tool-call":
        return [
          {
            type: "tool-call",
            callId: part.toolCallId,
            name: part.toolName,
            input: parseToolInput(part.input),
            ...(part.providerExecuted === true && { providerExecuted: true }),
            ...optionsFromMetadata(part.providerMetadata),
          },
        ];
      case "tool-result":
        return part.preliminary === true ? [] : [resultUpdate(part)];
      case "source":
        return [{ type: "data", name: "source", value: dataFromSource(part) }];
      case "file":
      case "reasoning-file":
        return [{ type: "data", name: "file", value: dataFromFile(part) }];
      case "finish":
        return [finishUpdate(part.finishReason, part.usage)];
      case "error":
        throw errorFromAiSdk(part.error);
      case "tool-approval-request":
        // Nobody here could ever answer it, and the run would end without an answer.
        throw new AgentError(
          "model_failed",
          "The model's provider asks for leave to run a tool of its own, which Holdfast cannot give: " +
            "configure the tool at the provider to need no approval.",
        );
      case "custom":
      case "ping":
      case "raw":
      case "response-metadata":
      case "stream-start":
      case "tool-input-end":
        return [];
      default:
        // A newer provider may send parts that this version of the specification does not know.
        return unknownPart(part);
    }
  };
}

type MetadataPart = Extract<
  LanguageModelV4StreamPart,
  { type: `${"text" | "reasoning"}-${string}`; id: string }
>;

interface PartMetadata {
  note(part: MetadataPart): void;
  take(part: MetadataPart): SharedV4ProviderMetadata | undefined;
}

/** Providers send what they want back (a signature, an item's id) with any part of a text; the newest counts. */
function createPartMetadata(): PartMetadata {
  const newest = new Map<string, SharedV4ProviderMetadata>();
  return {
    note: (part) => {
      if (part.providerMetadata !== undefined) newest.set(keyOf(part), part.providerMetadata);
    },
    take: (part) => {
      const metadata = newest.get(keyOf(part));
      newest.delete(keyOf(part));
      return metadata;
    },
  };
}

/** A text and a reasoning may go by the same id. */
function keyOf(part: MetadataPart): string {
  return `${part.type.slice(0, part.type.indexOf("-"))} ${part.id}`;
}

function optionsFromMetadata(metadata: SharedV4ProviderMetadata | undefined): {
  readonly providerOptions?: ProviderOptions;
} {
  // Stored as JSON anyway, which has no undefined.
  return metadata === undefined
    ? {}
    : { providerOptions: JSON.parse(JSON.stringify(metadata)) as ProviderOptions };
}

function resultUpdate(part: LanguageModelV4ToolResult): AgentUpdate {
  return {
    type: "tool-result",
    callId: part.toolCallId,
    name: part.toolName,
    output: outputOfResult(part),
    ...optionsFromMetadata(part.providerMetadata),
  };
}

function outputOfResult({ result, isError }: LanguageModelV4ToolResult): ToolOutput {
  if (isError !== true) return { type: "json", value: result };
  return { type: "error-text", value: typeof result === "string" ? result : JSON.stringify(result) };
}

function finishUpdate({ unified }: LanguageModelV4FinishReason, usage: LanguageModelV4Usage): AgentUpdate {
  if (unified === "interrupted") {
    throw new AgentError("model_unavailable", "The model's answer was cut off before its end.");
  }
  if (unified === "error") {
    throw new AgentError("model_unavailable", "The model stopped because of an error at its provider.");
  }
  // A reason that is not of the specification's list counts as none of them.
  return { type: "finish", finishReason: FINISH_REASONS[unified] ?? "other", usage: plainUsage(usage) };
}

const FINISH_REASONS: Record<
  Exclude<LanguageModelV4FinishReason["unified"], "interrupted" | "error">,
  FinishReason
> = {
  stop: "stop",
  length: "length",
  "content-filter": "content-filter",
  "tool-calls": "tool-calls",
  other: "other",
};

function plainUsage(usage: LanguageModelV4Usage): Usage {
  return { inputTokens: usage.inputTokens.total ?? 0, outputTokens: usage.outputTokens.total ?? 0 };
}

function unknownPart(_part: never): readonly AgentUpdate[] {
  return [];
}
