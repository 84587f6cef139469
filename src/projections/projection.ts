import type { LogEvent } from "../core/index.ts";

/**
 * Turns entries of a log into the bytes of one format. An entry looks the same to every reader of a format, so that it
 * is encoded once for all of them.
 */
export interface Projection {
  /** Names the format with its options: projections of one name make the same of the same entries. */
  readonly name: string;
  readonly contentType: string;
  /** Precedes the first frames of a response. */
  readonly prologue: string;
  /** Sent at once, before there is any entry; absent: the first entries make the first bytes. */
  readonly opening?: string;
  /** Set where what an entry looks like depends on what this reader has seen: nothing is shared between readers. */
  readonly perReader?: true;
  /** What an entry looks like, possibly nothing; `last` for the one with which the response ends. */
  readonly frame: (event: LogEvent, last: boolean) => string;
  /** What may be sent when nothing happens; undefined where the format has no room for it. */
  readonly heartbeat: string | undefined;
  /** The last bytes of a response that has come to its end. */
  readonly end: string;
}

export interface ProjectionOptions {
  /** Show every type of entry, not only the text and how it ends. */
  readonly everything: boolean;
  /** Say of each run that it is done, not only of the last: the reader goes on across runs. */
  readonly eachRun: boolean;
}

/** Tells projections of one format with different options apart. */
export function projectionName(format: string, { everything, eachRun }: ProjectionOptions): string {
  return `${format}${everything ? ":everything" : ""}${eachRun ? ":each-run" : ""}`;
}
