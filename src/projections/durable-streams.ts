import { compareCursors, cursorOf } from "../core/index.ts";
import type { Cursor, LogEvent } from "../core/index.ts";
import { encodeSseEvent, SSE_END, SSE_HEARTBEAT } from "../protocol/index.ts";
import { formatOffset } from "./durable-streams-offset.ts";
import { eventToJson } from "./entry-json.ts";
import type { Projection } from "./projection.ts";

/** Where a reader of a Durable Stream stands, as headers and control events tell it. */
export interface DurableStreamPlace {
  /** The newest entry that the reader has now, or the position before the first. */
  readonly end: Cursor;
  /** Whether that is all there is now. */
  readonly upToDate: boolean;
  /** Whether that is all there will ever be. */
  readonly closed: boolean;
}

export interface DurableStreamsOptions {
  /** What the reader is given at once, and where it stands then. */
  readonly first: DurableStreamPlace & { readonly events: readonly LogEvent[] };
  /** The newest entry when the stream was opened: a reader that has it is up to date. */
  readonly tip: Cursor;
  /** For the caches on the way: what a reader that reconnects hands back. */
  readonly streamCursor: string;
}

/** Entries as the messages of a Durable Stream: a JSON array. */
export function durableMessages(events: readonly LogEvent[]): string {
  return JSON.stringify(events.map(eventToJson));
}

/**
 * Server-sent events of the Durable Streams protocol: `data`, each followed by a `control` that says where the reader is.
 * Their ids are offsets, too: for `Last-Event-ID`, which the protocol does without.
 */
export function createDurableStreamsProjection({
  first,
  tip,
  streamCursor,
}: DurableStreamsOptions): Projection {
  function told(events: readonly LogEvent[], { end, upToDate, closed }: DurableStreamPlace): string {
    const id = formatOffset(end);
    const place = {
      streamNextOffset: id,
      // Of a closed stream there is nothing to come back for.
      ...(closed ? { streamClosed: true } : { streamCursor }),
      ...(upToDate && { upToDate: true }),
    };
    const control = encodeSseEvent({ id, event: "control", data: JSON.stringify(place) });
    if (events.length === 0) return control;
    return encodeSseEvent({ id, event: "data", data: durableMessages(events) }) + control;
  }

  return {
    name: "durable-streams:1",
    contentType: "text/event-stream",
    prologue: "",
    opening: told(first.events, first),
    perReader: true,
    frame(event, last) {
      const end = cursorOf(event);
      return told([event], { end, upToDate: compareCursors(end, tip) >= 0, closed: last });
    },
    heartbeat: SSE_HEARTBEAT,
    end: SSE_END,
  };
}
