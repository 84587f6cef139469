import { SSE_END } from "../protocol/index.ts";

/** What may be handed on of a stream so far. */
export interface Frames {
  /** Whole events and comments between them, nothing else. */
  readonly text: string;
  /** Whether the stream said that it is at its end. */
  readonly ended: boolean;
}

/** Cuts a text/event-stream into what is whole and what may never be. */
export interface FrameSplitter {
  push(text: string): Frames;
  /** The id of the newest whole event that had one. */
  readonly lastId: string | undefined;
}

/** How many characters one event may have before the stream is not believed any more. */
const MAX_EVENT = 32 * 1024 * 1024;

/** HTML §9.2.5: lines end in CRLF, LF or CR; a CR at the very end may be half of a CRLF. */
const LINE_END = /\r\n|\n|\r(?!$)/g;

export function createFrameSplitter(lastId: string | undefined): FrameSplitter {
  let partialLine = "";
  /** The lines of an event that is not whole yet. */
  let block = "";
  let blockId: string | undefined;
  let last = lastId;

  function push(text: string): Frames {
    const held = partialLine + text;
    let out = "";
    let ended = false;
    let from = 0;
    for (const { index, 0: lineEnd } of held.matchAll(LINE_END)) {
      const line = held.slice(from, index);
      from = index + lineEnd.length;
      if (line === "") {
        out += `${block}\n`;
        if (blockId !== undefined) last = blockId;
        block = "";
        blockId = undefined;
      } else if (line.startsWith(":") && block === "") {
        // A sign of life between two events cannot wait for the next.
        out += `${line}\n`;
        ended ||= `${line}\n` === SSE_END;
      } else {
        block += `${line}\n`;
        blockId = idOf(line) ?? blockId;
      }
    }
    partialLine = held.slice(from);
    if (block.length + partialLine.length > MAX_EVENT) throw new Error("An event of the stream is too long.");
    return { text: out, ended };
  }

  return {
    push,
    get lastId() {
      return last;
    },
  };
}

function idOf(line: string): string | undefined {
  if (!line.startsWith("id:")) return undefined;
  const id = line.slice(line.startsWith("id: ") ? 4 : 3);
  // HTML §9.2.6: an id with a NUL is ignored.
  return id.includes("\0") ? undefined : id;
}
