import type { Cursor, LogEvent } from "../core/index.ts";
import type { ConnectionLimits, ConnectionState } from "./connection-state.ts";
import type { WatchPage } from "./page-events.ts";
import type { RenderingStorage } from "./saved-rendering.ts";

/** One entry of the log, and what is to be shown after it. */
export interface FollowUpdate {
  /** The entry: `text-delta`, `tool-call`, `approval-request`, `run-completed` … */
  readonly event: LogEvent;
  readonly cursor: string;
  /** The run that the text is of. */
  readonly run: number;
  /** All the text of that run so far, without what was withdrawn: show this, and it is right. */
  readonly text: string;
}

export interface FollowOptions {
  /** Only the run with this ordinal; absent: from the first run that is kept to the end of the latest. */
  readonly run?: number | undefined;
  /** Go on across runs, until it is aborted. Not together with `run`. */
  readonly across?: boolean;
  /**
   * Go on after the entry with this cursor; `text` then begins there. Absent: where the rendering kept in `storage` was, or
   * from the beginning.
   */
  readonly cursor?: string | undefined;
  /** Ends it quietly. */
  readonly signal?: AbortSignal | undefined;
  /** Where cursor and text are kept, so that a reload of the page goes on where it was: `sessionStorage`. */
  readonly storage?: RenderingStorage | undefined;
  readonly onUpdate?: (update: FollowUpdate) => void;
  /** Told of every change, from `connecting` to how it ended. */
  readonly onConnection?: (state: ConnectionState) => void;
  readonly limits?: Partial<FollowLimits> | undefined;
  /** Tells of the network and of the page being looked at again. Default: the browser's events. */
  readonly watchPage?: WatchPage;
}

export interface FollowLimits extends ConnectionLimits {
  /** How long a connection may take to answer. */
  readonly answerMs: number;
  /** How long a connection may be without a sign of life before it counts as dead: the server gives one every 15 s. */
  readonly silenceMs: number;
}

/** What is left when a following has come to its end. */
export interface Followed {
  /** `ended`: all there was to read was read. `aborted`: its signal aborted, or its reader stopped. */
  readonly kind: "ended" | "aborted";
  readonly run: number;
  readonly text: string;
  readonly cursor: Cursor | undefined;
}

/**
 * A conversation being followed. Read it once, by `for await` or by `finished()`; nothing is requested before. It reads no
 * faster than its reader, and stops when its reader stops. Rejects with ClientError when it cannot go on.
 */
export interface Following extends AsyncIterable<FollowUpdate> {
  /** What is to be shown now. */
  readonly text: string;
  readonly run: number;
  readonly cursor: Cursor | undefined;
  readonly connection: ConnectionState;
  /** Reads to the end, for who listens by callbacks only. */
  finished(): Promise<Followed>;
}
