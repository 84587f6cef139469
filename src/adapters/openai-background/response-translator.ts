import { AgentError } from "../../core/index.ts";
import type { FinishReason, ProviderOptions } from "../../core/index.ts";
import type { AgentUpdate } from "../../ports/index.ts";
import { errorFromAiSdk } from "../ai-sdk/ai-sdk-error.ts";
import { parseToolInput } from "../ai-sdk/tool-input.ts";
import { hasEnded } from "./response-event.ts";
import type { OutputItem, ResponseEvent, ResponseState } from "./response-event.ts";

/**
 * Translates the events of one response into updates. The names of parts are their places in the response, so that they
 * are the same however often and by whichever way it is read. What the events left out, the response at its end has:
 * its items are completed from there.
 */
export interface ResponseTranslator {
  take(event: ResponseEvent): readonly AgentUpdate[];
  /** The response's id, once it is known. */
  readonly responseId: string | undefined;
  /** How the response ended, once it has. */
  readonly ending: ResponseEnding | undefined;
}

export type ResponseEnding =
  | { readonly kind: "finished" }
  /** It came to no answer: what a new call has to expect. */
  | { readonly kind: "lost"; readonly error: AgentError };

interface Slot {
  /** What was said of each part. */
  readonly said: Map<number, string>;
  kind: OutputItem["kind"];
  callId: string;
  ended: boolean;
}

export function createResponseTranslator(): ResponseTranslator {
  const slots = new Map<number, Slot>();
  let responseId: string | undefined;
  let ending: ResponseEnding | undefined;
  let calls = false;

  function slotAt(index: number): Slot {
    const slot: Slot = slots.get(index) ?? { said: new Map(), kind: "other", callId: "", ended: false };
    slots.set(index, slot);
    return slot;
  }

  function start(index: number, item: OutputItem): readonly AgentUpdate[] {
    const slot = slotAt(index);
    if (slot.kind !== "other") return [];
    slot.kind = item.kind;
    if (item.kind !== "function-call") return [];
    slot.callId = item.callId;
    return [{ type: "tool-input-start", callId: item.callId, name: item.name }];
  }

  function say(index: number, part: number, delta: string): readonly AgentUpdate[] {
    const slot = slotAt(index);
    const { kind, callId } = slot;
    if (delta === "" || kind === "other") return [];
    const before = slot.said.get(part);
    slot.said.set(part, (before ?? "") + delta);
    if (kind === "function-call") return [{ type: "tool-input-delta", callId, delta }];
    const type = kind === "message" ? "text" : "reasoning";
    const id = partId(index, part);
    const update: AgentUpdate = { type: `${type}-delta`, id, delta };
    return before === undefined ? [{ type: `${type}-start`, id }, update] : [update];
  }

  function complete(item: OutputItem, index: number): readonly AgentUpdate[] {
    const slot = slotAt(index);
    if (slot.ended || item.kind === "other") return [];
    const updates = [
      ...start(index, item),
      ...item.texts.flatMap((text, part) => sayRest(index, part, text)),
    ];
    slot.ended = true;
    return [...updates, ...end(index, item, slot)];
  }

  function sayRest(index: number, part: number, text: string): readonly AgentUpdate[] {
    const said = slotAt(index).said.get(part) ?? "";
    // What was streamed stands, also where the provider tells it otherwise afterwards.
    return text.startsWith(said) ? say(index, part, text.slice(said.length)) : [];
  }

  function end(index: number, item: OutputItem, { said }: Slot): readonly AgentUpdate[] {
    const parts = [...said.keys()];
    switch (item.kind) {
      case "message": {
        const options =
          item.phase === undefined ? {} : { providerOptions: { openai: { phase: item.phase } } };
        return parts.map((part) => ({ type: "text-end", id: partId(index, part), ...options }));
      }
      case "reasoning":
        return endReasoning(index, item, parts);
      case "function-call": {
        const { callId, name, whole } = item;
        if (!whole) return [];
        calls = true;
        return [{ type: "tool-call", callId, name, input: parseToolInput(said.get(0) ?? "") }];
      }
      case "other":
        return [];
    }
  }

  function finish(response: ResponseState): readonly AgentUpdate[] {
    const updates = response.output.flatMap(complete);
    const lost = lossOf(response);
    ending = lost ? { kind: "lost", error: lost } : { kind: "finished" };
    if (lost) return [...updates, { type: "provider-response-lost" }];
    return [
      ...updates,
      { type: "finish", finishReason: finishReasonOf(response, calls), usage: response.usage },
    ];
  }

  function takeResponse(response: ResponseState): readonly AgentUpdate[] {
    const isFirst = responseId === undefined;
    responseId ??= response.id;
    // Said again each time that the provider tells of the response: a model that thinks for long is not silent.
    const alive: AgentUpdate = { type: "provider-response", responseId };
    if (!hasEnded(response)) return [alive];
    return isFirst ? [alive, ...finish(response)] : finish(response);
  }

  return {
    get responseId() {
      return responseId;
    },
    get ending() {
      return ending;
    },
    take(event) {
      switch (event.kind) {
        case "response":
          return takeResponse(event.response);
        case "item-start":
          return start(event.index, event.item);
        case "delta":
          return say(event.index, event.part, event.delta);
        case "item-end":
          return complete(event.item, event.index);
        case "error":
          // Whether the response itself failed, and how, it says itself when it is asked for again.
          throw new AgentError("model_unavailable", "The model's provider sent an error.", {
            cause: event.error,
          });
        case "other":
          return [];
      }
    },
  };
}

function partId(index: number, part: number): string {
  return `${index}.${part}`;
}

/** The first part carries what the model must be given back, also where there is no summary to show. */
function endReasoning(
  index: number,
  { id: itemId, encryptedContent }: Extract<OutputItem, { kind: "reasoning" }>,
  said: readonly number[],
): readonly AgentUpdate[] {
  const first = said[0] ?? 0;
  const ends = said.map((part): AgentUpdate => ({ type: "reasoning-end", id: partId(index, part) }));
  if (encryptedContent === undefined) return ends;
  const providerOptions: ProviderOptions = {
    openai: { itemId, reasoningEncryptedContent: encryptedContent },
  };
  const start: readonly AgentUpdate[] =
    said.length === 0 ? [{ type: "reasoning-start", id: partId(index, first) }] : [];
  return [...start, { type: "reasoning-end", id: partId(index, first), providerOptions }, ...ends.slice(1)];
}

function lossOf({ status, error }: ResponseState): AgentError | undefined {
  if (status === "completed" || status === "incomplete") return undefined;
  if (status === "failed" && error !== undefined) return errorFromAiSdk({ error });
  return new AgentError(
    "model_unavailable",
    `The response ended at the model's provider as ${JSON.stringify(status)}.`,
  );
}

function finishReasonOf(response: ResponseState, calls: boolean): FinishReason {
  const { status, incompleteReason, output } = response;
  if (status !== "completed") {
    if (incompleteReason === "max_output_tokens") return "length";
    return incompleteReason === "content_filter" ? "content-filter" : "other";
  }
  if (calls) return "tool-calls";
  return output.some((item) => item.kind === "message" && item.refused) ? "content-filter" : "stop";
}
