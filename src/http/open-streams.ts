import { AgentError } from "../core/index.ts";

/**
 * The streams that are open in this server: one timer gives all of them their signs of life, and one listener resets
 * them when the server is about to stop, however many there are.
 */
export interface OpenStreams {
  add(stream: OpenStreamEntry): void;
  remove(stream: OpenStreamEntry): void;
}

export interface OpenStreamEntry {
  /** How many looks ago something was written; whoever writes sets it to 0, which is cheaper than asking for the time. */
  looksSinceWritten: number;
  /** Writes a sign of life, where the format has one. */
  beat(): void;
  fail(error: AgentError): void;
}

/** How many times in a heartbeat's interval quiet streams are looked for. */
const LOOKS = 3;

export function createOpenStreams(heartbeatMs: number, closing: AbortSignal): OpenStreams {
  const open = new Set<OpenStreamEntry>();
  let timer: NodeJS.Timeout | number | undefined;

  closing.addEventListener("abort", () => {
    for (const stream of open) stream.fail(aboutToStop());
  });

  /** A stream that would be quiet for too long before the next look gets its sign now. */
  function look(): void {
    for (const stream of open) {
      stream.looksSinceWritten += 1;
      if (stream.looksSinceWritten < LOOKS - 1) continue;
      stream.looksSinceWritten = 0;
      stream.beat();
    }
  }

  return {
    add(stream) {
      open.add(stream);
      timer ??= setInterval(look, heartbeatMs / LOOKS);
      if (closing.aborted) queueMicrotask(() => stream.fail(aboutToStop()));
    },
    remove(stream) {
      open.delete(stream);
      if (open.size > 0) return;
      clearInterval(timer);
      timer = undefined;
    },
  };
}

function aboutToStop(): AgentError {
  return new AgentError("shutting_down", "The server is about to stop.");
}
