import type { FinishReason } from "../../core/index.ts";
import type { ToolRound } from "./tool-round.ts";
import type { TextKind } from "./ui-message-chunk.ts";

/** What has been told of a run so far, as far as the next chunk depends on it. */
export interface AiSdkState {
  /** The id of the message: the name of the run, the same in every telling of it. */
  readonly messageId: string;
  /**
   * Where the telling is: between steps, in one, or in one that was withdrawn and that the message still shows. A step
   * of the AI SDK is a model call together with the tool calls that it asks for.
   */
  readonly step: "none" | "open" | "withdrawn";
  readonly openParts: readonly OpenPart[];
  /** Calls whose input is being written, by id: the names of their tools. */
  readonly openInputs: ReadonlyMap<string, string>;
  readonly round: ToolRound;
  readonly finishReason: FinishReason | undefined;
}

export interface OpenPart {
  readonly kind: TextKind;
  readonly id: string;
}
