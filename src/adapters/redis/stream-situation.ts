import { compareCursors, parseCursor, START } from "../../core/index.ts";
import type { Cursor } from "../../core/index.ts";
import { recordOf } from "./redis-entry.ts";
import type { RedisEntry } from "./redis-entry.ts";

/** What Redis knows of a stream when a reader has nothing to read. */
export interface StreamFacts {
  /** The newest entry; undefined when there is no stream. */
  readonly newest: RedisEntry | undefined;
  /** How long the stream is still kept, in milliseconds; negative when that is not limited. */
  readonly remainingMs: number;
  /** What Holdfast knows of the conversation; undefined for a stream that it did not write. */
  readonly conversation:
    | { readonly tip: Cursor; readonly settled: Cursor; readonly base: Cursor; readonly runsWaiting: boolean }
    | undefined;
}

/** What a reader does that has nothing to read. */
export type StreamSituation = "wait" | "ended" | "expired" | "beyond";

/** Decides what it means that there is no entry after a cursor. Pure. */
export function situationOf(after: Cursor, { newest, conversation }: StreamFacts): StreamSituation {
  const open =
    conversation !== undefined && (conversation.tip !== conversation.settled || conversation.runsWaiting);
  if (newest === undefined) {
    // Accepted, and nobody has begun it yet: the stream is about to be made.
    return open && (after === START || after === conversation.tip) ? "wait" : "expired";
  }
  const [id, list] = newest;
  const ahead = compareCursors(parseCursor(id), after);
  if (ahead < 0) return "beyond";
  // Written since the reader looked: it has to be read, even when it is an end.
  if (ahead > 0) return "wait";
  const fields = recordOf(list);
  const closed = fields["done"] === "true" || fields["error"] !== undefined;
  return closed && !open ? "ended" : "wait";
}

/** Whether entries after a cursor are no longer kept, as far as Holdfast wrote them. */
export function isGone(after: Cursor, { newest, conversation }: StreamFacts): boolean {
  if (!conversation || after === START || newest === undefined) return false;
  return compareCursors(after, conversation.base) < 0;
}
