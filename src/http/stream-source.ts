import type { AgentError } from "../core/index.ts";
import type { OpenStream } from "../ports/index.ts";
import type { Projection } from "../projections/index.ts";
import type { LogReader, ReadEntries, Reading, ReadingSink } from "../runtime/index.ts";
import { frameText, sharedFrameText } from "./frame-text.ts";
import type { OpenStreamEntry, OpenStreams } from "./open-streams.ts";

/**
 * The body of a stream, pushed. It ends gracefully, with the projection's last bytes, only when the reading has come to
 * its end; in every other case it fails, by which the host resets the connection, so that no client takes a cut for the
 * end (wire rule 3), unless its protocol tells the two apart in another way.
 */
export interface StreamSource {
  /** Begins to push; may be called once. */
  start(output: StreamOutput): void;
  /** There is room again after the output said that it was full. */
  resume(): void;
  /** The client has gone. */
  stop(): void;
}

/** Where a host lets the frames go, as UTF-8. */
export interface StreamOutput {
  /** False: full; the source waits for `resume`. Streams that are written to in one turn are often given the same text. */
  write(text: string): boolean;
  end(): void;
  fail(error: AgentError): void;
}

export interface StreamSourceOptions {
  readonly read: Extract<Reading, { kind: "entries" }>["read"];
  readonly projection: Projection;
  readonly openStreams: OpenStreams;
  readonly opened: () => OpenStream;
  /**
   * What a client sees of a reading that broke off. `"end"`: an end between two entries, for a protocol that says of each
   * whether it is the last, and whose clients take a reset for a fault of the program. Default `"reset"`.
   */
  readonly brokenOff?: "reset" | "end";
}

export function createStreamSource(options: StreamSourceOptions): StreamSource {
  return new PushedStream(options);
}

/** Every viewer has one for as long as it watches: one object without closures. */
class PushedStream implements StreamSource, ReadingSink, OpenStreamEntry {
  looksSinceWritten = 0;
  readonly #projection: Projection;
  readonly #openStreams: OpenStreams;
  readonly #brokenOff: "reset" | "end";
  /** What begins the stream; undefined once it has begun. */
  #beginning: Pick<StreamSourceOptions, "read" | "opened"> | undefined;
  #output: StreamOutput | undefined;
  #reader: LogReader | undefined;
  #meter: OpenStream | undefined;
  #hasPrologue = false;
  #isOver = false;

  constructor({ projection, openStreams, read, opened, brokenOff = "reset" }: StreamSourceOptions) {
    this.#projection = projection;
    this.#brokenOff = brokenOff;
    this.#openStreams = openStreams;
    this.#beginning = { read, opened };
  }

  start(output: StreamOutput): void {
    if (!this.#beginning) {
      throw new TypeError("A stream is pushed once: read the body of one copy of its response.");
    }
    const { read, opened } = this.#beginning;
    this.#beginning = undefined;
    this.#output = output;
    this.#meter = opened();
    this.#openStreams.add(this);
    const { opening } = this.#projection;
    if (opening !== undefined) this.#write(opening);
    this.#reader = read(this);
    if (this.#isOver) this.#reader.stop();
  }

  resume(): void {
    this.#reader?.resume();
  }

  stop(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#reader?.stop();
    this.#openStreams.remove(this);
    this.#meter?.closed();
  }

  take(entries: ReadEntries): boolean {
    this.#meter?.delivered(entries.events.length);
    const hasRoom = this.#write(
      this.#projection.perReader
        ? frameText(this.#projection, entries)
        : sharedFrameText(this.#projection, entries),
    );
    if (entries.ended) {
      this.stop();
      this.#output?.end();
    }
    return hasRoom;
  }

  fail(error: AgentError): void {
    if (this.#isOver) return;
    this.stop();
    if (this.#brokenOff === "end") this.#output?.end();
    else this.#output?.fail(error);
  }

  beat(): void {
    const { heartbeat } = this.#projection;
    if (heartbeat !== undefined) this.#output?.write(heartbeat);
  }

  /** What has no bytes in this format is no sign of life. */
  #write(text: string): boolean {
    if (text === "" || !this.#output) return true;
    this.looksSinceWritten = 0;
    if (this.#hasPrologue) return this.#output.write(text);
    this.#hasPrologue = true;
    return this.#output.write(this.#projection.prologue + text);
  }
}
