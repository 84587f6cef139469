import { parseCursor } from "../../core/index.ts";
import type { RenderingStorage } from "../saved-rendering.ts";
import type { Outbox } from "./outbox.ts";
import { NOTHING_SAID } from "./transcript.ts";
import type { Transcript } from "./transcript.ts";

/** What of a conversation is kept over a reload. */
export interface SavedConversation {
  readonly conversationId: string | undefined;
  readonly transcript: Transcript;
  readonly outbox: Outbox;
}

/** A conversation's place in a storage. Keeping it is a convenience: a storage that is full or forbidden is done without. */
export interface ConversationKeeper {
  load(): SavedConversation | undefined;
  /** Keeps what `current` gives, soon: what is lost between is read again. */
  saveSoon(current: () => SavedConversation): void;
  saveNow(saved: SavedConversation): void;
}

/** How often it is kept at most, in milliseconds, while an answer streams in. */
const SAVE_EVERY_MS = 250;

/**
 * How many characters are kept of one conversation: of a longer one only which it is and what is still to be sent, and the
 * rest is read again. Browsers give five million to all of an origin.
 */
export const MAX_CHARACTERS_KEPT = 1_000_000;

/** The form of what is kept; of another form nothing is taken. */
const VERSION = 1;

export function createConversationKeeper(
  storageOf: () => RenderingStorage | undefined,
  key: string,
): ConversationKeeper {
  let timer: ReturnType<typeof setTimeout> | undefined;

  function saveNow(saved: SavedConversation): void {
    clearTimeout(timer);
    timer = undefined;
    attempt(() => write(storageOf(), key, saved));
  }

  return {
    load: () => attempt(() => parseSaved(storageOf()?.getItem(key) ?? null)),
    saveSoon(current) {
      timer ??= setTimeout(() => saveNow(current()), SAVE_EVERY_MS);
    },
    saveNow,
  };
}

function write(storage: RenderingStorage | undefined, key: string, saved: SavedConversation): void {
  const isNothing = saved.conversationId === undefined && saved.outbox.length === 0;
  if (isNothing) storage?.removeItem(key);
  else storage?.setItem(key, textOf(saved));
}

/** The platform's storage of a name, if it has one and lets us at it. */
export function storageNamed(name: "session" | "local"): RenderingStorage | undefined {
  const page: Partial<Pick<Window, "sessionStorage" | "localStorage">> = globalThis;
  return attempt(() => (name === "session" ? page.sessionStorage : page.localStorage));
}

function attempt<Result>(act: () => Result): Result | undefined {
  try {
    return act();
  } catch {
    return undefined; // Private windows and full disks refuse; the conversation can be read again.
  }
}

function textOf({ conversationId, transcript, outbox }: SavedConversation): string {
  const text = JSON.stringify({ version: VERSION, conversationId, transcript, outbox });
  if (text.length <= MAX_CHARACTERS_KEPT) return text;
  return JSON.stringify({ version: VERSION, conversationId, transcript: NOTHING_SAID, outbox });
}

/** That it is ours is checked by its shape; within it the fields are trusted, as only we write there. */
function parseSaved(text: string | null): SavedConversation | undefined {
  if (text === null) return undefined;
  const saved = JSON.parse(text) as Partial<SavedConversation> & { readonly version?: number };
  const { conversationId, transcript, outbox, version } = saved;
  if (version !== VERSION || !transcript || !Array.isArray(transcript.runs) || !Array.isArray(outbox))
    return undefined;
  if (conversationId !== undefined && typeof conversationId !== "string") return undefined;
  if (transcript.cursor !== undefined) parseCursor(transcript.cursor);
  return { conversationId, transcript, outbox };
}
