/** One event of a `text/event-stream`, before it is encoded. */
export interface SseEvent {
  /** Must hold no line break and no NUL; a cursor never does. */
  readonly id: string;
  /** Absent: the event has no name. */
  readonly event?: string;
  /** Any text with LF as its only line break. */
  readonly data: string;
}

/**
 * Encodes one event. Each line of the data becomes a field of its own, so that nothing in a text can forge an event.
 */
export function encodeSseEvent({ id, event, data }: SseEvent): string {
  // HTML §9.2.6: "If the field name is data: append the field value, then a single LF".
  const lines = data.includes("\n") ? data.replaceAll("\n", "\ndata: ") : data;
  return event === undefined
    ? `id: ${id}\ndata: ${lines}\n\n`
    : `id: ${id}${betweenIdAndData(event)}${lines}\n\n`;
}

/** Put together once for many events in a row: every piece of a string that is put together is an object. */
function betweenIdAndData(event: string): string {
  if (event !== newestEvent) {
    newestEvent = event;
    newestBetween = `\nevent: ${event}\ndata: `;
  }
  return newestBetween;
}

let newestEvent = "";
let newestBetween = "\nevent: \ndata: ";

/**
 * How long a client waits before it reconnects, in milliseconds: a line that goes directly before an event and so is part
 * of it. Some clients take a lone one for an event without data.
 */
export function encodeSseRetry(milliseconds: number): string {
  return `retry: ${milliseconds}\n`;
}

/** Keeps proxies and idle timers quiet. One newline: with two, several clients dispatch an empty event. */
export const SSE_HEARTBEAT = ": hb\n";

/** The last bytes of a finished stream, by which a client tells its end from a cut. A comment to every parser. */
export const SSE_END = ": end\n";
