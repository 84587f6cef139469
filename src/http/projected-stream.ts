import type { LogEvent } from "../core/index.ts";
import { parseProjectedCursor, projectRun } from "../projections/index.ts";
import type { ProjectedCursor, RunProjection } from "../projections/index.ts";
import { LAST_EVENT_ID, STREAM_RESUME } from "../protocol/index.ts";
import type { OpenStream } from "../ports/index.ts";
import { openReading } from "../runtime/index.ts";
import type { Reading, RunDescription } from "../runtime/index.ts";
import type { Call } from "./route.ts";
import { streamResponse } from "./stream-response.ts";
import { createStreamSource } from "./stream-source.ts";

export interface ProjectedStream<State> {
  readonly run: RunDescription;
  readonly projection: RunProjection<State>;
  /** The newest frame that the reader has, where its protocol says so in a way of its own; `Last-Event-ID` wins. */
  readonly seen?: ProjectedCursor | undefined;
  /**
   * Show also what was withdrawn before the reader came to it, for a protocol whose clients count frames and can take back
   * what they showed. Default false.
   */
  readonly withdrawn?: boolean;
  /**
   * Whether the stream ends with an entry before the run's end, such as one that makes it the client's turn; asked for each
   * entry of the run in order.
   */
  readonly until?: (event: LogEvent) => boolean;
  /** Goes before every index in the events' ids, for clients that resume by the id alone. Default empty. */
  readonly idPrefix?: string;
  /** Begin with an event of no data, so that a cut before the first frame can be resumed. Default false. */
  readonly primed?: boolean;
  /** Where the stream goes on with `Last-Event-ID`, told to clients as `x-stream-resume`. */
  readonly resume: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * The stream of one run in a protocol, from its first frame or after the newest one that the reader has. It ends after the
 * run's end. Throws `invalid_cursor`, and `stream_expired` once the entries are gone.
 */
export async function projectedStream<State>(call: Call, stream: ProjectedStream<State>): Promise<Response> {
  const { runtime, openStreams, request } = call;
  const { run, projection, resume, headers = {}, withdrawn, idPrefix, primed } = stream;
  const seen = lastEventId(request, idPrefix) ?? stream.seen;
  const reading = await openReading(runtime, {
    id: run.conversation,
    run: run.run,
    everything: true,
    withdrawn: true,
  });
  // A reading from the start of a run always has something to read, if only its end.
  if (reading.kind === "nothing-left") return new Response(null, { status: 204, headers });
  const source = createStreamSource({
    read: stream.until ? readUntil(reading.read, stream.until) : reading.read,
    projection: projectRun(projection, { run, seen, voided: reading.voided, withdrawn, idPrefix, primed }),
    openStreams,
    opened: (): OpenStream => runtime.metrics.streamOpened(projection.name),
  });
  return streamResponse(
    source,
    { contentType: "text/event-stream" },
    { [STREAM_RESUME]: resume, ...headers },
  );
}

type Read = Extract<Reading, { kind: "entries" }>["read"];

/** A reading that comes to its end with the first entry that says so. */
function readUntil(read: Read, isLast: (event: LogEvent) => boolean): Read {
  return (sink) =>
    read({
      take(entries) {
        const last = entries.events.findIndex(isLast);
        if (last === -1) return sink.take(entries);
        return sink.take({ events: entries.events.slice(0, last + 1), ended: true });
      },
      fail: (error) => sink.fail(error),
    });
}

function lastEventId({ headers }: Request, prefix = ""): ProjectedCursor | undefined {
  const text = headers.get(LAST_EVENT_ID) ?? "";
  const cursor = text.startsWith(prefix) ? text.slice(prefix.length) : text;
  return cursor === "" ? undefined : parseProjectedCursor(cursor);
}
