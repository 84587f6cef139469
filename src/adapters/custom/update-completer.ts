import { NO_USAGE } from "../../core/index.ts";
import type { AgentUpdate } from "../../ports/index.ts";

/**
 * Makes a whole step of what a custom agent yields. Strings in a row are one part of text, which any update but `data`
 * ends. Parts that were not started are started, and those left open are ended before the `finish`.
 */
export class UpdateCompleter {
  readonly #open = new Map<string, Part>();
  #stringParts = 0;
  /** A part of strings is open until something else ends it. */
  #stringPart: Part | undefined;
  #calls = false;

  /** One item, with what has to come before it. */
  take(item: string | AgentUpdate): readonly AgentUpdate[] {
    if (typeof item === "string") return this.#takeString(item);
    return item.type === "data" ? [item] : [...this.#endStringPart(), ...this.#takeUpdate(item)];
  }

  /** The only update of an item that goes on with a text, as most do; of any other nothing: it is to be taken. */
  moreText(item: string | AgentUpdate): AgentUpdate | undefined {
    return this.#stringPart && typeof item === "string" && item !== ""
      ? { type: "text-delta", id: this.#stringPart.id, delta: item }
      : undefined;
  }

  /** What is still missing when the items end without a `finish`. */
  end(): readonly AgentUpdate[] {
    return this.take({
      type: "finish",
      finishReason: this.#calls ? "tool-calls" : "stop",
      usage: NO_USAGE,
    });
  }

  #takeString(delta: string): readonly AgentUpdate[] {
    if (delta === "") return [];
    const more = this.moreText(delta);
    if (more) return [more];
    this.#stringPart = { kind: "text", id: `string-${++this.#stringParts}` };
    return [...this.#start(this.#stringPart), { type: "text-delta", id: this.#stringPart.id, delta }];
  }

  #takeUpdate(update: AgentUpdate): readonly AgentUpdate[] {
    switch (update.type) {
      case "text-start":
      case "reasoning-start":
        return this.#start(partOf(update));
      case "text-delta":
      case "reasoning-delta":
        return [...this.#start(partOf(update)), update];
      case "text-end":
      case "reasoning-end": {
        const started = this.#start(partOf(update));
        this.#open.delete(keyOf(partOf(update)));
        return [...started, update];
      }
      case "tool-call":
        this.#calls ||= update.providerExecuted !== true;
        return [update];
      case "finish":
        return [...[...this.#open.values()].flatMap((part) => this.#end(part)), update];
      case "provider-response":
      case "provider-response-lost":
      case "tool-input-start":
      case "tool-input-delta":
      case "tool-result":
      case "data":
        return [update];
    }
  }

  #start(part: Part): readonly AgentUpdate[] {
    if (this.#open.has(keyOf(part))) return [];
    this.#open.set(keyOf(part), part);
    return [{ type: `${part.kind}-start`, id: part.id }];
  }

  #end(part: Part): readonly AgentUpdate[] {
    return this.#open.delete(keyOf(part)) ? [{ type: `${part.kind}-end`, id: part.id }] : [];
  }

  #endStringPart(): readonly AgentUpdate[] {
    const part = this.#stringPart;
    this.#stringPart = undefined;
    return part === undefined ? [] : this.#end(part);
  }
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
