import { normalizeText } from "../../core/index.ts";
import type { JsonObject, ResponseFormat } from "../../core/index.ts";
import type { Delivery } from "./conversation-message.ts";
import type { Transcript } from "./transcript.ts";

/** A message that the log does not show yet. Plain JSON, so that a reload in the middle of sending sends it on. */
export interface OutboxMessage {
  /** Its idempotency key: however often it is sent, it is one run. */
  readonly key: string;
  readonly text: string;
  readonly options: RunRequestOptions;
  /** When it was written, in milliseconds since 1970. */
  readonly at: number;
  /** The latest run that was known when it was written: its own comes later. */
  readonly after: number;
  readonly delivery: Delivery;
}

export interface RunRequestOptions {
  readonly responseFormat?: ResponseFormat | undefined;
  readonly enableToolCalls?: boolean | undefined;
  readonly metadata?: JsonObject | undefined;
}

export type Outbox = readonly OutboxMessage[];

export function withDelivery(outbox: Outbox, key: string, delivery: Delivery): Outbox {
  return outbox.map((message) => (message.key === key ? { ...message, delivery } : message));
}

export function nextToSend(outbox: Outbox): OutboxMessage | undefined {
  return outbox.find(({ delivery }) => delivery.state === "sending");
}

/** Without what the log shows by now. */
export function withoutShown(outbox: Outbox, { runs }: Transcript): Outbox {
  const latest = runs.at(-1)?.run ?? 0;
  const waiting = outbox.filter(({ delivery }) => delivery.state !== "stored" || delivery.run > latest);
  return waiting.length === outbox.length ? outbox : waiting;
}

/**
 * Which runs may be of messages whose sending has not been answered yet, as key by run: the stream can be faster than the
 * answer, and the message must not be seen twice meanwhile. `known` are the runs of messages that were answered.
 */
export function likelyRuns(
  outbox: Outbox,
  { runs }: Transcript,
  known: ReadonlyMap<number, string>,
): ReadonlyMap<number, string> {
  const likely = new Map<number, string>();
  for (const { key, text, after, delivery } of outbox) {
    if (delivery.state !== "sending") continue;
    const stored = normalizeText(text);
    const match = runs.find(
      ({ run, input }) => run > after && input === stored && !known.has(run) && !likely.has(run),
    );
    if (match) likely.set(match.run, key);
  }
  return likely;
}
