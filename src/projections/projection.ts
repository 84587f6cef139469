import type { Cursor, LogEvent } from "../core/index.ts";

/** Turns a reading of a log into the bytes of one format. One projection serves one response. */
export interface Projection {
  readonly contentType: string;
  /** What some entries look like in this format, possibly nothing. */
  frames(entries: readonly ProjectedEntry[]): string;
  /** What may be sent when nothing happens; undefined where the format has no room for it. */
  readonly heartbeat: string | undefined;
  /** The last bytes of a stream that has come to its end. */
  readonly end: string;
}

export interface ProjectedEntry {
  readonly event: LogEvent;
  readonly cursor: Cursor;
  /** Whether the stream ends with this entry. */
  readonly last: boolean;
}

export interface ProjectionOptions {
  /** Show every type of entry, not only the text and how it ends. */
  readonly everything: boolean;
  /** Say of each run that it is done, not only of the last: the reader goes on across runs. */
  readonly eachRun: boolean;
}
