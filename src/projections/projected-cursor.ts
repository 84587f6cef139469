import { AgentError } from "../core/index.ts";

/**
 * The place of a frame in a projected stream. Frames are counted as if everything had been shown as it was written, what
 * was withdrawn later too: an index means the same to every reader.
 */
export interface ProjectedCursor {
  /** The newest frame that the reader has, from 0. */
  readonly index: number;
  /**
   * Which withdrawn parts of the run, counted from 0, the reader was never shown: they had been withdrawn before it came
   * to them. Resuming leaves them out again.
   */
  readonly skipped: readonly number[];
}

/** `17`, or `17~0.2` for a reader who was spared the first and the third withdrawn part. */
export function formatProjectedCursor({ index, skipped }: ProjectedCursor): string {
  return skipped.length === 0 ? String(index) : `${index}~${skipped.join(".")}`;
}

/** Throws `invalid_cursor`. */
export function parseProjectedCursor(text: string): ProjectedCursor {
  const [, index = "", skipped = ""] = CURSOR.exec(text) ?? [];
  if (index === "") {
    throw new AgentError("invalid_cursor", "The id of an event of this stream is a number, such as 17.");
  }
  return { index: Number(index), skipped: skipped === "" ? [] : skipped.split(".").map(Number) };
}

const CURSOR = /^(\d{1,12})(?:~(\d{1,6}(?:\.\d{1,6}){0,999}))?$/;
