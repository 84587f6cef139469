import { NO_USAGE } from "../../core/index.ts";
import type { AgentUpdate } from "../../ports/index.ts";

/** Makes a whole step of what a custom agent yields. */
export interface UpdateCompleter {
  /** One item, with what has to come before it. */
  take(item: string | AgentUpdate): readonly AgentUpdate[];
  /** The only update of an item that goes on with a text, as most do; of any other nothing: it is to be taken. */
  moreText(item: string | AgentUpdate): AgentUpdate | undefined;
  /** What is still missing when the items end without a `finish`. */
  end(): readonly AgentUpdate[];
}

/**
 * Strings in a row are one part of text, which any update but `data` ends. Parts that were not started are started,
 * and those left open are ended before the `finish`.
 */
export function createUpdateCompleter(): UpdateCompleter {
  const open = new Map<string, Part>();
  let stringParts = 0;
  let stringPart: Part | undefined;
  let calls = false;

  const start = (part: Part): readonly AgentUpdate[] => {
    if (open.has(keyOf(part))) return [];
    open.set(keyOf(part), part);
    return [{ type: `${part.kind}-start`, id: part.id }];
  };
  const end = (part: Part): readonly AgentUpdate[] =>
    open.delete(keyOf(part)) ? [{ type: `${part.kind}-end`, id: part.id }] : [];
  const endStringPart = (): readonly AgentUpdate[] => {
    const part = stringPart;
    stringPart = undefined;
    return part === undefined ? [] : end(part);
  };
  // A part of strings is open until something else ends it.
  const moreText = (item: string | AgentUpdate): AgentUpdate | undefined =>
    stringPart && typeof item === "string" && item !== ""
      ? { type: "text-delta", id: stringPart.id, delta: item }
      : undefined;
  const takeString = (delta: string): readonly AgentUpdate[] => {
    if (delta === "") return [];
    const more = moreText(delta);
    if (more) return [more];
    stringPart = { kind: "text", id: `string-${++stringParts}` };
    return [...start(stringPart), { type: "text-delta", id: stringPart.id, delta }];
  };
  const takeUpdate = (update: AgentUpdate): readonly AgentUpdate[] => {
    switch (update.type) {
      case "text-start":
      case "reasoning-start":
        return start(partOf(update));
      case "text-delta":
      case "reasoning-delta":
        return [...start(partOf(update)), update];
      case "text-end":
      case "reasoning-end": {
        const started = start(partOf(update));
        open.delete(keyOf(partOf(update)));
        return [...started, update];
      }
      case "tool-call":
        calls ||= update.providerExecuted !== true;
        return [update];
      case "finish":
        return [...[...open.values()].flatMap(end), update];
      case "provider-response":
      case "provider-response-lost":
      case "tool-input-start":
      case "tool-input-delta":
      case "tool-result":
      case "data":
        return [update];
    }
  };
  const take = (item: string | AgentUpdate): readonly AgentUpdate[] => {
    if (typeof item === "string") return takeString(item);
    return item.type === "data" ? [item] : [...endStringPart(), ...takeUpdate(item)];
  };
  return {
    take,
    moreText,
    end: () => take({ type: "finish", finishReason: calls ? "tool-calls" : "stop", usage: NO_USAGE }),
  };
}

interface Part {
  readonly kind: "text" | "reasoning";
  readonly id: string;
}

type PartUpdate = Extract<AgentUpdate, { type: `${Part["kind"]}-${string}` }>;

function partOf(update: PartUpdate): Part {
  return { kind: update.type.startsWith("text-") ? "text" : "reasoning", id: update.id };
}

/** A text and a reasoning may go by the same id. */
function keyOf(part: Part): string {
  return `${part.kind} ${part.id}`;
}
