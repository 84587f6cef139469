import { parseCursor } from "../core/index.ts";
import { NOTHING_RENDERED } from "./rendering.ts";
import type { Rendering } from "./rendering.ts";

/** Where a rendering is kept over a reload: `sessionStorage`, `localStorage`, or anything like them. */
export interface RenderingStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** A rendering's place in a storage. Keeping it is a convenience: a storage that is full or forbidden is done without. */
export interface SavedRendering {
  load(): Rendering;
  /** Saves now and then: what is lost between is read again. */
  save(rendering: Rendering, now: number): void;
  /** Saves whatever was not. */
  flush(): void;
  forget(): void;
}

/** How often it is saved at most, in milliseconds. */
const SAVE_EVERY_MS = 250;

export function savedRendering(storage: RenderingStorage | undefined, key: string): SavedRendering {
  let unsaved: Rendering | undefined;
  let savedAt = Number.NEGATIVE_INFINITY;

  function write(rendering: Rendering): void {
    unsaved = undefined;
    attempt(() => storage?.setItem(key, JSON.stringify(rendering)));
  }

  return {
    load: () => attempt(() => parseRendering(storage?.getItem(key) ?? null)) ?? NOTHING_RENDERED,
    save(rendering, now) {
      unsaved = rendering;
      if (now - savedAt < SAVE_EVERY_MS) return;
      savedAt = now;
      write(rendering);
    },
    flush() {
      if (unsaved) write(unsaved);
    },
    forget() {
      unsaved = undefined;
      attempt(() => storage?.removeItem(key));
    },
  };
}

function attempt<Result>(act: () => Result): Result | undefined {
  try {
    return act();
  } catch {
    return undefined; // Private windows and full disks refuse; the stream can be read again.
  }
}

function parseRendering(text: string | null): Rendering | undefined {
  if (text === null) return undefined;
  const { cursor, run, text: shown, step } = JSON.parse(text) as Partial<Rendering>;
  if (typeof cursor !== "string" || typeof run !== "number" || typeof shown !== "string") return undefined;
  const length = step === undefined ? 0 : step.length;
  if (!Number.isSafeInteger(length) || length > shown.length) return undefined;
  return {
    cursor: parseCursor(cursor),
    run,
    text: shown,
    ...(step && { step: { from: parseCursor(step.from), length } }),
  };
}
