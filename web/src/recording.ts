import type { ConnectionState, FollowUpdate, HoldfastClient } from "holdfast/client";

/** One entry of the log that changed the text, with both its times. */
export interface Arrival {
  /** When the server stored it, by the server's clock. */
  readonly storedAt: number;
  /** When it came here, by ours. */
  readonly arrivedAt: number;
  /** How much text there was after it. */
  readonly length: number;
}

/** A time without connection, in the middle of a run. */
export interface Cut {
  readonly at: number;
  /** The newest entry that had come. */
  readonly cursor: string;
  /** Undefined while it lasts. */
  readonly back: number | undefined;
}

/** What this page saw of the newest run. Immutable. */
export interface Recording {
  readonly run: number;
  readonly arrivals: readonly Arrival[];
  readonly cuts: readonly Cut[];
  /** Whether text was withdrawn, to be written again: its writer was lost, or failed. */
  readonly isRewritten: boolean;
  readonly endedAt: number | undefined;
}

export interface Recorder {
  readonly subscribe: (listener: () => void) => () => void;
  /** Undefined before the first entry. */
  readonly getRecording: () => Recording | undefined;
}

/** The most arrivals that are kept of a run: past it every second one goes, which no curve on a screen shows. */
const MAX_ARRIVALS = 4_000;

/** A client that does what the given one does, and records what comes in when. */
export function createRecordingClient(client: HoldfastClient): {
  readonly client: HoldfastClient;
  readonly recorder: Recorder;
} {
  const listeners = new Set<() => void>();
  let recording: Recording | undefined;
  let cursor: string | undefined;
  let frame: number | undefined;

  function record(next: Recording): void {
    recording = next;
    frame ??= requestAnimationFrame(() => {
      frame = undefined;
      for (const listener of listeners) listener();
    });
  }

  function onUpdate(update: FollowUpdate): void {
    cursor = update.cursor;
    const before = recording?.run === update.run ? recording : beginRecording(update.run);
    record(recordingAfter(before, update, Date.now()));
  }

  function onConnection(state: ConnectionState): void {
    if (!recording || cursor === undefined || recording.endedAt !== undefined) return;
    record(recordingAfterChange(recording, state, cursor, Date.now()));
  }

  return {
    client: {
      ...client,
      follow: (conversationId, options) =>
        client.follow(conversationId, {
          ...options,
          onUpdate(update) {
            onUpdate(update);
            options?.onUpdate?.(update);
          },
          onConnection(state) {
            onConnection(state);
            options?.onConnection?.(state);
          },
        }),
    },
    recorder: {
      subscribe(listener) {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
      getRecording: () => recording,
    },
  };
}

function beginRecording(run: number): Recording {
  return { run, arrivals: [], cuts: [], isRewritten: false, endedAt: undefined };
}

function recordingAfter(recording: Recording, { event, text }: FollowUpdate, now: number): Recording {
  const { arrivals } = recording;
  const isRewritten = recording.isRewritten || (event.type === "step-reset" && event.withdrawsText === true);
  const ended = event.type.startsWith("run-") && event.type !== "run-start";
  const last = arrivals.at(-1);
  if (last?.length === text.length && !ended) return recording;
  const arrival = { storedAt: event.at, arrivedAt: now, length: text.length };
  const kept = arrivals.length < MAX_ARRIVALS ? arrivals : arrivals.filter((_, index) => index % 2 === 0);
  return { ...recording, arrivals: [...kept, arrival], isRewritten, endedAt: ended ? now : undefined };
}

function recordingAfterChange(
  recording: Recording,
  { kind }: ConnectionState,
  cursor: string,
  now: number,
): Recording {
  const { cuts } = recording;
  const last = cuts.at(-1);
  const isCut = last !== undefined && last.back === undefined;
  if (kind === "live" && isCut) return { ...recording, cuts: [...cuts.slice(0, -1), { ...last, back: now }] };
  const breaks = kind === "waiting-to-retry" || kind === "offline";
  return breaks && !isCut
    ? { ...recording, cuts: [...cuts, { at: now, cursor, back: undefined }] }
    : recording;
}
