import type { Usage } from "../../core/index.ts";

/** One event of a response's stream, as far as it matters here. */
export type ResponseEvent =
  /** The response itself, at its beginning, on its way, or at its end. */
  | { readonly kind: "response"; readonly response: ResponseState }
  | { readonly kind: "item-start" | "item-end"; readonly index: number; readonly item: OutputItem }
  /** Text of a message's content part, of a reasoning's summary part, or of a function call's arguments. */
  | { readonly kind: "delta"; readonly index: number; readonly part: number; readonly delta: string }
  | { readonly kind: "error"; readonly error: unknown }
  | { readonly kind: "other" };

export interface PlacedEvent {
  /** Its `sequence_number`: a place in the response to go on from. */
  readonly position: number | undefined;
  readonly event: ResponseEvent;
}

/** A response as the provider tells it. */
export interface ResponseState {
  readonly id: string;
  /** `queued`, `in_progress`, `completed`, `incomplete`, `failed` or `cancelled`. */
  readonly status: string;
  readonly output: readonly OutputItem[];
  readonly usage: Usage;
  readonly incompleteReason: string | undefined;
  readonly error: unknown;
}

export type OutputItem =
  | {
      readonly kind: "message";
      readonly phase: string | undefined;
      readonly refused: boolean;
      /** By content index. */
      readonly texts: readonly string[];
    }
  | {
      readonly kind: "reasoning";
      readonly id: string;
      /** Its summary, by summary index. */
      readonly texts: readonly string[];
      readonly encryptedContent: string | undefined;
    }
  | {
      readonly kind: "function-call";
      readonly callId: string;
      readonly name: string;
      /** Its arguments, as the model wrote them. */
      readonly texts: readonly string[];
      /** False where the model ran into a limit in the middle of it. */
      readonly whole: boolean;
    }
  | { readonly kind: "other" };

/** Whether the provider will do no more about a response. */
export function hasEnded({ status }: ResponseState): boolean {
  return status !== "queued" && status !== "in_progress";
}

/** Reads an event as the Responses API sends it. What is of no use here, or newer than this version, is `other`. */
export function eventFromJson(json: unknown): PlacedEvent {
  const fields = recordOf(json);
  return { position: integerOf(fields["sequence_number"]), event: bodyFromFields(fields) };
}

function bodyFromFields(fields: Fields): ResponseEvent {
  const response = responseFromJson(fields["response"]);
  if (response) return { kind: "response", response };
  const index = integerOf(fields["output_index"]) ?? 0;
  switch (fields["type"]) {
    case "response.output_item.added":
      return { kind: "item-start", index, item: itemFromJson(fields["item"]) };
    case "response.output_item.done":
      return { kind: "item-end", index, item: itemFromJson(fields["item"]) };
    case "response.output_text.delta":
    case "response.refusal.delta":
    case "response.reasoning_summary_text.delta":
    case "response.function_call_arguments.delta": {
      const part = integerOf(fields["content_index"] ?? fields["summary_index"]) ?? 0;
      return { kind: "delta", index, part, delta: textOf(fields["delta"]) };
    }
    case "error":
      return { kind: "error", error: errorOf(fields) };
    default:
      return { kind: "other" };
  }
}

/** Reads a response object; undefined where there is none. */
export function responseFromJson(value: unknown): ResponseState | undefined {
  const fields = recordOf(value);
  const { id, status } = fields;
  if (typeof id !== "string" || typeof status !== "string") return undefined;
  const usage = recordOf(fields["usage"]);
  return {
    id,
    status,
    output: listOf(fields["output"]).map(itemFromJson),
    usage: {
      inputTokens: integerOf(usage["input_tokens"]) ?? 0,
      outputTokens: integerOf(usage["output_tokens"]) ?? 0,
    },
    incompleteReason: optionalText(recordOf(fields["incomplete_details"])["reason"]),
    error: fields["error"] ?? undefined,
  };
}

function itemFromJson(value: unknown): OutputItem {
  const fields = recordOf(value);
  switch (fields["type"]) {
    case "message":
      return {
        kind: "message",
        phase: optionalText(fields["phase"]),
        refused: listOf(fields["content"]).some((part) => recordOf(part)["type"] === "refusal"),
        texts: listOf(fields["content"]).map((part) =>
          textOf(recordOf(part)["text"] ?? recordOf(part)["refusal"]),
        ),
      };
    case "reasoning":
      return {
        kind: "reasoning",
        id: textOf(fields["id"]),
        texts: listOf(fields["summary"]).map((part) => textOf(recordOf(part)["text"])),
        encryptedContent: optionalText(fields["encrypted_content"]),
      };
    case "function_call":
      return {
        kind: "function-call",
        callId: textOf(fields["call_id"]),
        name: textOf(fields["name"]),
        texts: [textOf(fields["arguments"])],
        whole: fields["status"] !== "incomplete",
      };
    default:
      return { kind: "other" };
  }
}

/** Some servers put what went wrong under `error`, others beside the type. */
function errorOf(fields: Fields): unknown {
  return fields["error"] ?? { ...fields, type: undefined };
}

type Fields = Readonly<Record<string, unknown>>;

function recordOf(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function integerOf(value: unknown): number | undefined {
  return Number.isSafeInteger(value) ? Number(value) : undefined;
}

function textOf(value: unknown): string {
  return optionalText(value) ?? "";
}

function optionalText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
