import { AgentError } from "../core/index.ts";

/**
 * The streams that are open in this server: one timer gives all of them their signs of life, and one listener resets
 * them when the server is about to stop, however many there are.
 */
export interface OpenStreams {
  add(stream: OpenStreamEntry): OpenStreamHandle;
}

export interface OpenStreamEntry {
  /** What is sent when nothing happens; undefined: nothing. */
  readonly heartbeat: string | undefined;
  readonly write: (bytes: Uint8Array) => boolean;
  readonly fail: (error: AgentError) => void;
}

export interface OpenStreamHandle {
  /** Something was written just now. */
  readonly touched: () => void;
  readonly leave: () => void;
}

/** How many times in a heartbeat's interval quiet streams are looked for. */
const LOOKS = 3;

export function createOpenStreams(heartbeatMs: number, closing: AbortSignal): OpenStreams {
  const open = new Map<OpenStreamEntry, { at: number }>();
  const lookMs = heartbeatMs / LOOKS;
  let timer: NodeJS.Timeout | number | undefined;

  closing.addEventListener("abort", () => {
    const error = new AgentError("shutting_down", "The server is about to stop.");
    for (const stream of open.keys()) stream.fail(error);
  });

  /** A stream that would be quiet for too long before the next look gets its sign now. */
  function look(): void {
    const now = performance.now();
    for (const [stream, touched] of open) {
      if (stream.heartbeat === undefined || now - touched.at + lookMs < heartbeatMs) continue;
      touched.at = now;
      stream.write(bytesOf(stream.heartbeat));
    }
  }

  return {
    add(stream) {
      const touched = { at: performance.now() };
      open.set(stream, touched);
      timer ??= setInterval(look, lookMs);
      if (closing.aborted) {
        queueMicrotask(() => stream.fail(new AgentError("shutting_down", "The server is about to stop.")));
      }
      return {
        touched() {
          touched.at = performance.now();
        },
        leave() {
          open.delete(stream);
          if (open.size > 0) return;
          clearInterval(timer);
          timer = undefined;
        },
      };
    },
  };
}

const encoder = new TextEncoder();
const heartbeats = new Map<string, Uint8Array>();

/** There are few kinds of heartbeat, and many streams that send them. */
function bytesOf(heartbeat: string): Uint8Array {
  let bytes = heartbeats.get(heartbeat);
  if (!bytes) {
    bytes = encoder.encode(heartbeat);
    heartbeats.set(heartbeat, bytes);
  }
  return bytes;
}
