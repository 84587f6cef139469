import type { ConversationId } from "../../core/index.ts";
import { LONGEST_TIMEOUT_MS } from "./settles-within.ts";

/** Moments at which conversations are to be driven, each kept until it comes. */
export interface Alarms {
  /** Adds a moment (milliseconds since 1970); the same one twice is one. Past moments ring soon, never at once. */
  set(id: ConversationId, moment: number): void;
  clear(): void;
}

export function createAlarms(ring: (id: ConversationId) => void): Alarms {
  const timeouts = new Map<string, NodeJS.Timeout>();

  function arm(key: string, id: ConversationId, moment: number): void {
    // Timeouts may fire a little early, and cannot be set as far ahead as a moment can be: both are set again.
    const onTimeout = (): void => {
      if (Date.now() < moment) return arm(key, id, moment);
      timeouts.delete(key);
      ring(id);
    };
    const delay = Math.max(0, Math.min(moment - Date.now(), LONGEST_TIMEOUT_MS));
    timeouts.set(key, setTimeout(onTimeout, delay));
  }

  return {
    set(id, moment) {
      const key = `${moment} ${id}`;
      if (!timeouts.has(key)) arm(key, id, moment);
    },
    clear() {
      for (const timeout of timeouts.values()) clearTimeout(timeout);
      timeouts.clear();
    },
  };
}
