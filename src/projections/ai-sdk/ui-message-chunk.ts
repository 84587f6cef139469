import type { JsonObject, JsonValue } from "../../core/index.ts";

/** The chunks of an AI SDK UI message stream that we send, as every version that knows the type reads them. */
export type UiMessageChunk =
  | { readonly type: "start"; readonly messageId: string; readonly messageMetadata?: JsonObject }
  | { readonly type: "start-step" | "finish-step" }
  /** 7 and newer: takes back the parts of the step so far. */
  | { readonly type: "reset-step" }
  | { readonly type: `${TextKind}-start` | `${TextKind}-end`; readonly id: string }
  | { readonly type: `${TextKind}-delta`; readonly id: string; readonly delta: string }
  | ToolChunk
  | {
      readonly type: `data-${string}`;
      readonly id?: string;
      readonly data: JsonValue;
      readonly transient?: true;
    }
  | { readonly type: "error"; readonly errorText: string }
  | { readonly type: "abort"; readonly reason?: string }
  | { readonly type: "finish"; readonly finishReason: UiFinishReason; readonly messageMetadata?: JsonObject };

export type TextKind = "text" | "reasoning";

/** The reasons that every version knows. */
export type UiFinishReason = "stop" | "length" | "content-filter" | "tool-calls" | "error" | "other";

type ToolChunk = { readonly toolCallId: string } & (
  | ({ readonly type: "tool-input-start" } & NamedTool)
  | { readonly type: "tool-input-delta"; readonly inputTextDelta: string }
  | ({ readonly type: "tool-input-available"; readonly input: JsonValue } & NamedTool)
  | ({ readonly type: "tool-input-error"; readonly input: JsonValue; readonly errorText: string } & NamedTool)
  /** 6 and newer. */
  | { readonly type: "tool-approval-request"; readonly approvalId: string }
  /** 7 and newer. */
  | {
      readonly type: "tool-approval-response";
      readonly approvalId: string;
      readonly approved: boolean;
      readonly reason?: string;
    }
  | ({ readonly type: "tool-output-available"; readonly output: JsonValue } & RanHere)
  | ({ readonly type: "tool-output-error"; readonly errorText: string } & RanHere)
  /** 6 and newer. */
  | { readonly type: "tool-output-denied" }
);

type NamedTool = RanHere & { readonly toolName: string };

type RanHere = { readonly dynamic: true; readonly providerExecuted: true };
