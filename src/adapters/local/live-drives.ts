import type { ConversationId } from "../../core/index.ts";
import type { Drive, DriveResult } from "../../ports/index.ts";
import { settlesWithin } from "./settles-within.ts";

/** How long a stop waits for drives whose `signal` has been aborted; past it they are left behind, fenced by the store. */
export const ABORT_LIMIT_MS = 10_000;

/** How a drive went. Never a rejection: what to do next is decided from it (`followUp`). */
export type DriveOutcome =
  | { readonly kind: "returned"; readonly result: DriveResult }
  /** Ended by throwing after its `signal` was aborted: cancellation is not failure. */
  | { readonly kind: "cut" }
  | { readonly kind: "threw"; readonly error: unknown };

export interface LiveDrive {
  readonly outcome: Promise<DriveOutcome>;
  /** Aborts its `signal`. */
  abort(reason: unknown): void;
}

/** The drives under way in this process, at most one a conversation. Shared by the engines that call drives themselves. */
export interface LiveDrives {
  readonly size: number;
  has(id: ConversationId): boolean;
  /** Calls the drive. Throws when the conversation is being driven here already. */
  begin(id: ConversationId, drive: Drive): LiveDrive;
  /** Calls the interrupt listeners of the conversation's drive, if there is one. */
  interrupt(id: ConversationId): void;
  interruptAll(): void;
  /**
   * Aborts `draining` of all, after the grace `signal`, and resolves when they have ended: with those that had not
   * `ABORT_LIMIT_MS` later. The caller begins no more drives.
   */
  stop(graceMs: number): Promise<readonly ConversationId[]>;
}

export function createLiveDrives(onError: (error: unknown, id: ConversationId) => void): LiveDrives {
  const live = new Map<ConversationId, Controls>();

  async function run(id: ConversationId, drive: Drive, controls: Controls): Promise<DriveOutcome> {
    const { draining, signal, listeners } = controls;
    try {
      const result = await drive({
        id,
        draining: draining.signal,
        signal: signal.signal,
        onInterrupt(listener) {
          const entry = { listener };
          listeners.add(entry);
          return () => void listeners.delete(entry);
        },
      });
      return { kind: "returned", result };
    } catch (error) {
      return signal.signal.aborted ? { kind: "cut" } : { kind: "threw", error };
    } finally {
      live.delete(id);
    }
  }

  function interrupt(id: ConversationId): void {
    // A copy: listeners may come and go while they are being called.
    for (const { listener } of Array.from(live.get(id)?.listeners ?? [])) {
      try {
        listener();
      } catch (error) {
        onError(error, id);
      }
    }
  }

  return {
    get size() {
      return live.size;
    },
    has: (id) => live.has(id),
    begin(id, drive) {
      if (live.has(id)) throw new Error(`Conversation ${id} is being driven in this process already.`);
      const controls = createControls();
      live.set(id, controls);
      controls.ended = run(id, drive, controls);
      return { outcome: controls.ended, abort: (reason) => controls.signal.abort(reason) };
    },
    interrupt,
    interruptAll() {
      for (const id of live.keys()) interrupt(id);
    },
    async stop(graceMs) {
      const all = [...live.values()];
      const ended = Promise.all(all.map((controls) => controls.ended));
      for (const { draining } of all) draining.abort(new Error("The process is about to stop."));
      if (await settlesWithin(ended, graceMs)) return [];
      for (const { signal } of all) signal.abort(new Error("The grace of the stop is over."));
      return (await settlesWithin(ended, ABORT_LIMIT_MS)) ? [] : [...live.keys()];
    },
  };
}

/** Signals of its own for each drive: listeners that a drive forgets on them go with it. */
interface Controls {
  readonly draining: AbortController;
  readonly signal: AbortController;
  readonly listeners: Set<{ readonly listener: () => void }>;
  ended: Promise<DriveOutcome>;
}

function createControls(): Controls {
  return {
    draining: new AbortController(),
    signal: new AbortController(),
    listeners: new Set(),
    ended: Promise.resolve({ kind: "cut" }),
  };
}
