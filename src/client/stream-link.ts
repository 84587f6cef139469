import { createParser } from "eventsource-parser";
import type { EventSourceMessage } from "eventsource-parser";
import { SSE_END } from "../protocol/index.ts";
import { ClientError, unreachable } from "./client-error.ts";
import type { ConnectionEvent } from "./connection-state.ts";
import { errorFromResponse, retryAfterMs } from "./error-from-response.ts";
import { linkAbort } from "./linked-abort.ts";

/** What a read brought: whole messages, and whether the stream said that it is at its end. */
export interface Delivery {
  readonly type: "delivery";
  readonly messages: readonly EventSourceMessage[];
  readonly ended: boolean;
}

export interface StreamLinkOptions {
  /** Makes the request; rejects when there is no answer. */
  readonly open: (signal: AbortSignal) => Promise<Response>;
  readonly tell: (event: ConnectionEvent | Delivery) => void;
}

/** One connection to a stream. Tells nothing any more once it is closed. */
export interface StreamLink {
  /** Reads once more; the answer is a delivery, or a cut. */
  read(): void;
  close(): void;
}

/** How many characters one message may have; a longer one is no entry of ours. */
const MAX_MESSAGE = 32 * 1024 * 1024;

const END = SSE_END.slice(1).trim();

/** Connects at once; tells how that went, then waits to be asked to read. */
export function openStreamLink({ open, tell }: StreamLinkOptions): StreamLink {
  const abort = linkAbort(undefined);
  const decoder = new TextDecoder();
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  let messages: EventSourceMessage[] = [];
  let ended = false;
  const parser = createParser({
    maxBufferSize: MAX_MESSAGE,
    onEvent: (message) => void messages.push(message),
    onComment(comment) {
      ended ||= comment.trim() === END;
    },
  });

  function say(event: ConnectionEvent | Delivery): void {
    if (!abort.signal.aborted) tell(event);
  }

  function sayCut(cause: unknown): void {
    say({ type: "cut", error: unreachable(cause) });
  }

  async function connect(): Promise<void> {
    const response = await open(abort.signal);
    if (response.status !== 200) {
      say(await refusal(response));
      return;
    }
    const type = response.headers.get("content-type") ?? "";
    if (!type.startsWith("text/event-stream") || !response.body) throw notAStream(response.status);
    reader = response.body.getReader();
    say({ type: "opened" });
  }

  async function read(): Promise<void> {
    const result = await reader?.read();
    if (!result || result.done) {
      // Wire rule 3: only its own mark is an end; without it a clean close is a cut by something in between.
      sayCut(new Error("The stream closed before its end."));
      return;
    }
    parser.feed(decoder.decode(result.value, { stream: true }));
    const delivery: Delivery = { type: "delivery", messages, ended };
    messages = [];
    say(delivery);
  }

  connect().catch(sayCut);
  return {
    read: () => void read().catch(sayCut),
    close() {
      abort.abort();
      void reader?.cancel().catch(() => undefined); // It is of no interest how what we gave up ends.
    },
  };
}

function notAStream(status: number): ClientError {
  return new ClientError("unexpected_answer", "The answer is not an event stream.", { status });
}

async function refusal(response: Response): Promise<ConnectionEvent> {
  const { status } = response;
  const waitMs = retryAfterMs(response, Date.now());
  if (status === 204) return { type: "http-204" };
  const error = await errorFromResponse(response);
  if (status === 429) return { type: "http-429", error, retryAfterMs: waitMs };
  if (status >= 500) return { type: "http-5xx", error, retryAfterMs: waitMs };
  switch (status) {
    case 401:
    case 403:
    case 404:
    case 406:
    case 410:
      return { type: `http-${status}`, error };
    default:
      return { type: "http-refused", error };
  }
}
