import { AgentError } from "../core/index.ts";
import type { LogEvent } from "../core/index.ts";
import type { Projection } from "../projections/index.ts";
import type { OpenStream } from "../ports/index.ts";
import type { LogReader, ReadEntries, Reading } from "../runtime/index.ts";
import type { OpenStreamHandle, OpenStreams } from "./open-streams.ts";

/**
 * The body of a stream, pushed. It ends gracefully, with the projection's last bytes, only when the reading has come to
 * its end; in every other case it fails, by which the host resets the connection, so that no client takes a cut for the
 * end (wire rule 3).
 */
export interface StreamSource {
  /** Begins to push; may be called once. */
  start(output: StreamOutput): void;
  /** There is room again after the output said that it was full. */
  resume(): void;
  /** The client has gone. */
  stop(): void;
}

/** Where a host lets the bytes go. */
export interface StreamOutput {
  /** False: full; the source waits for `resume`. The bytes may be shared with other streams. */
  readonly write: (bytes: Uint8Array) => boolean;
  readonly end: () => void;
  readonly fail: (error: AgentError) => void;
}

export interface StreamSourceOptions {
  readonly read: Extract<Reading, { kind: "entries" }>["read"];
  readonly projection: Projection;
  readonly openStreams: OpenStreams;
  readonly opened: () => OpenStream;
}

export function createStreamSource(options: StreamSourceOptions): StreamSource {
  const { projection, openStreams } = options;
  let reader: LogReader | undefined;
  let started = false;
  let begun = false;
  let over = false;
  let handle: OpenStreamHandle | undefined;
  let close: (() => void) | undefined;

  function start(output: StreamOutput): void {
    if (started) throw new TypeError("A stream is pushed once: read the body of one copy of its response.");
    started = true;
    const meter = options.opened();
    const fail = (error: AgentError): void => {
      if (over) return;
      stop();
      output.fail(error);
    };
    handle = openStreams.add({ fail, heartbeat: projection.heartbeat, write: output.write });
    close = () => {
      handle?.leave();
      meter.closed();
    };
    reader = options.read({
      fail,
      take(entries) {
        meter.delivered(entries.events.length);
        const room = put(output, entries);
        if (entries.ended) {
          stop();
          output.end();
        }
        return room;
      },
    });
    if (over) reader.stop();
  }

  function put(output: StreamOutput, entries: ReadEntries): boolean {
    if (begun) return write(output, framesOf(projection, entries));
    const text = frameText(projection, entries);
    if (text === "") return true;
    begun = true;
    return write(output, encoder.encode(projection.prologue + text));
  }

  /** What has no bytes in this format is no sign of life. */
  function write(output: StreamOutput, bytes: Uint8Array): boolean {
    if (bytes.byteLength === 0) return true;
    handle?.touched();
    return output.write(bytes);
  }

  function stop(): void {
    if (over) return;
    over = true;
    reader?.stop();
    close?.();
  }

  return { start, resume: () => reader?.resume(), stop };
}

const encoder = new TextEncoder();

/** The bytes of a batch by projection, for as long as somebody holds the batch: encoded once, written many times. */
const encoded = new WeakMap<readonly LogEvent[], Map<string, Uint8Array>>();

function framesOf(projection: Projection, entries: ReadEntries): Uint8Array {
  const { events, ended } = entries;
  const name = ended ? `${projection.name}:end` : projection.name;
  let byName = encoded.get(events);
  if (!byName) {
    byName = new Map();
    encoded.set(events, byName);
  }
  let bytes = byName.get(name);
  if (!bytes) {
    bytes = encoder.encode(frameText(projection, entries));
    byName.set(name, bytes);
  }
  return bytes;
}

function frameText({ frame, end }: Projection, { events, ended }: ReadEntries): string {
  let text = "";
  const last = events.length - 1;
  for (const [index, event] of events.entries()) text += frame(event, ended && index === last);
  return ended ? text + end : text;
}
