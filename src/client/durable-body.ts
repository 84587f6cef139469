import { LAST_EVENT_ID, SSE_END } from "../protocol/index.ts";
import { backOffMs, pause } from "./back-off.ts";
import { unreachable } from "./client-error.ts";
import type { DurableFetchLimits } from "./durable-fetch-limits.ts";
import { errorFromResponse, retryAfterMs } from "./error-from-response.ts";
import { linkAbort } from "./linked-abort.ts";
import type { LinkedAbort } from "./linked-abort.ts";
import { isEventStream, resumeAddress } from "./resume-address.ts";
import { createFrameSplitter } from "./sse-frames.ts";

export interface DurableBodyOptions {
  readonly fetch: typeof fetch;
  /** The body of the first answer. */
  readonly body: ReadableStream<Uint8Array>;
  /** Where it goes on. */
  readonly address: string;
  readonly init: RequestInit & { readonly headers: Headers };
  readonly lastId: string | undefined;
  readonly signal: AbortSignal | undefined;
  readonly limits: DurableFetchLimits;
  readonly random: () => number;
}

/** A body that goes on over cuts. Pulled: it reads no faster than its reader, and holds one event at most. */
export function durableBody(options: DurableBodyOptions): ReadableStream<Uint8Array> {
  const { signal, limits, random } = options;
  const abort = linkAbort(signal);
  const encoder = new TextEncoder();
  let { address } = options;
  let splitter = createFrameSplitter(options.lastId);
  let decoder = new TextDecoder();
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined = options.body.getReader();
  let openedAt = Date.now();
  let attempt: LinkedAbort | undefined;
  let tries = 0;
  let seen = options.lastId;

  // A fetch that does not heed its signal must not keep the reader waiting.
  abort.signal.addEventListener("abort", () => reader && letGo(reader), { once: true });

  /** The next piece of the stream; undefined when this connection is over before its end. */
  async function readOnce(): Promise<{ readonly text: string; readonly ended: boolean } | undefined> {
    const open = reader;
    if (!open) return undefined;
    try {
      const result = await within(open.read(), limits.silenceMs);
      if (result.done) return undefined;
      const frames = splitter.push(decoder.decode(result.value, { stream: true }));
      const steady = Date.now() - openedAt >= limits.steadyMs;
      if (steady || splitter.lastId !== seen) tries = 0;
      seen = splitter.lastId;
      return frames;
    } catch (error) {
      if (abort.signal.aborted) throw error;
      letGo(open);
      return undefined;
    }
  }

  /** Opens the next connection; true when there is nothing left to come. */
  async function resume(): Promise<boolean> {
    for (let cause: unknown = new Error("The stream broke off."); ;) {
      tries += 1;
      if (tries > limits.maxTries) throw unreachable(cause);
      await pause(backOffMs(limits.backOff, tries, random()), abort.signal);
      const response = await ask().catch((error: unknown) => {
        if (abort.signal.aborted) throw error;
        cause = error;
      });
      if (response?.status === 204) return true;
      if (response && isEventStream(response) && response.body) {
        address = resumeAddress(response, address) ?? address;
        reader = response.body.getReader();
        openedAt = Date.now();
        splitter = createFrameSplitter(seen);
        decoder = new TextDecoder();
        return false;
      }
      if (response) cause = await refusal(response);
    }
  }

  async function ask(): Promise<Response> {
    const headers = new Headers(options.init.headers);
    if (seen !== undefined && seen !== "") headers.set(LAST_EVENT_ID, seen);
    // The answer may take its time; its body is read under the stream's own limit.
    attempt?.release();
    const current = linkAbort(abort.signal);
    attempt = current;
    const timer = setTimeout(() => current.abort(new Error("The server does not answer.")), limits.answerMs);
    try {
      return await options.fetch(address, { ...options.init, headers, signal: current.signal });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Waits as the answer asks to, where another try may help; throws where none will. */
  async function refusal(response: Response): Promise<Error> {
    const { status } = response;
    const waitMs = retryAfterMs(response, Date.now());
    const error = await errorFromResponse(response);
    const mayHelp = status === 200 || status === 429 || status >= 500;
    if (!mayHelp || waitMs > limits.maxRetryAfterMs) throw error;
    await pause(waitMs, abort.signal);
    return error;
  }

  async function pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    try {
      for (;;) {
        const frames = await readOnce();
        if (!frames && (await resume())) return finish(controller, SSE_END);
        if (frames?.ended) return finish(controller, frames.text);
        if (frames && frames.text !== "") return controller.enqueue(encoder.encode(frames.text));
      }
    } catch (error) {
      close(error);
      throw error;
    }
  }

  function finish(controller: ReadableStreamDefaultController<Uint8Array>, text: string): void {
    controller.enqueue(encoder.encode(text));
    controller.close();
    close(undefined);
  }

  function close(reason: unknown): void {
    abort.abort(reason);
    if (reader) letGo(reader);
    reader = undefined;
  }

  return new ReadableStream<Uint8Array>({ pull, cancel: close }, { highWaterMark: 0 });
}

function letGo(reader: ReadableStreamDefaultReader<Uint8Array>): void {
  void reader.cancel().catch(() => undefined); // It is of no interest how what we gave up ends.
}

async function within<Result>(promise: Promise<Result>, limitMs: number): Promise<Result> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error("The stream is silent.")), limitMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
