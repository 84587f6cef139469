import type { ServerResponse } from "node:http";
import { MAX_BYTES_WAITING } from "../stream-response.ts";
import type { StreamSource } from "../stream-source.ts";

/** How long a client may leave its socket full before it is cut, in milliseconds; it resumes by cursor (L12). */
export const MAX_STALL_MS = 60_000;

/**
 * Lets a source write to the client's socket, past the web stream and Node's own framing: the frames of a batch are put
 * into a chunk of HTTP/1.1 once, for all the sockets that get them. Resolves when the source has ended, rejects when it
 * failed or the client is gone or too slow. The head must have been sent.
 */
export function pushToSocket(source: StreamSource, outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve, reject) => {
    const { socket } = outgoing;
    // The answer to a pipelined request has no socket yet, and HTTP/1.0 knows no chunks: Node's own way serves both.
    const direct = socket && outgoing.chunkedEncoding ? socket : undefined;
    let stalled: NodeJS.Timeout | undefined;
    let waitingBefore = 0;

    function settle(act: () => void): void {
      clearTimeout(stalled);
      outgoing.off("close", onClose);
      (direct ?? outgoing).off("drain", onDrain);
      act();
    }
    function onClose(): void {
      settle(() => {
        source.stop();
        reject(new Error("The client went away."));
      });
    }
    function onDrain(): void {
      if (!stalled) return;
      clearTimeout(stalled);
      stalled = undefined;
      source.resume();
    }
    /** A client that takes something, however little, is slow and not stalled. */
    function onStall(): void {
      const waiting = (direct ?? outgoing).writableLength;
      const turnToCome = outgoing.socket === null;
      if (turnToCome || waiting < waitingBefore) {
        waitingBefore = waiting;
        stalled = setTimeout(onStall, MAX_STALL_MS);
        return;
      }
      settle(() => {
        source.stop();
        reject(new Error("The client takes too long."));
      });
    }

    outgoing.on("close", onClose);
    (direct ?? outgoing).on("drain", onDrain);
    if (outgoing.destroyed) {
      onClose();
      return;
    }
    source.start({
      write(bytes) {
        if (direct) direct.write(chunkOf(bytes));
        else outgoing.write(bytes);
        const waiting = (direct ?? outgoing).writableLength;
        // Above any high-water mark of Node's, so that a drain is sure to follow.
        if (waiting < MAX_BYTES_WAITING) return true;
        waitingBefore = waiting;
        stalled ??= setTimeout(onStall, MAX_STALL_MS);
        return false;
      },
      end: () => settle(resolve),
      fail: (error) => settle(() => reject(error)),
    });
  });
}

const chunks = new WeakMap<Uint8Array, Buffer>();

/** RFC 9112 §7.1: the size in hex, CRLF, the bytes, CRLF. Made once for bytes that many sockets get. */
function chunkOf(bytes: Uint8Array): Buffer {
  let chunk = chunks.get(bytes);
  if (!chunk) {
    chunk = Buffer.concat([Buffer.from(`${bytes.byteLength.toString(16)}\r\n`), bytes, CRLF]);
    chunks.set(bytes, chunk);
  }
  return chunk;
}

const CRLF = Buffer.from("\r\n");
