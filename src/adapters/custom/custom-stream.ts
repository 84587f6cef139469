import type { AgentUpdate } from "../../ports/index.ts";
import { createUpdateCompleter } from "./update-completer.ts";

/**
 * What a custom agent yields, as whole steps. Written out as one iterator: each generator on the way would cost every
 * token several turns of promises. An abort rejects what is waited for at once, whether or not the items heed it.
 */
export class CustomStream implements AsyncIterableIterator<AgentUpdate> {
  readonly #begin: () => AsyncIterable<string | AgentUpdate>;
  readonly #signal: AbortSignal;
  readonly #completer = createUpdateCompleter();
  readonly #onAbort = (): void => {
    this.#ready = [];
    this.#waiting?.reject(this.#signal.reason);
    this.#end();
  };
  #items: AsyncIterator<string | AgentUpdate> | undefined;
  /** What an item brought besides the update that was asked for. */
  #ready: AgentUpdate[] = [];
  #waiting: Waiting | undefined;
  #ended = false;

  /** `begin` is called with the first update that is asked for. */
  constructor(begin: () => AsyncIterable<string | AgentUpdate>, signal: AbortSignal) {
    this.#begin = begin;
    this.#signal = signal;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<AgentUpdate, undefined>> {
    return new Promise((resolve, reject) => {
      if (!this.#items && !this.#ended) this.#start();
      const update = this.#ready.shift();
      if (update) resolve({ done: false, value: update });
      else if (!this.#ended) this.#read({ resolve, reject });
      else if (this.#signal.aborted) reject(this.#signal.reason);
      else resolve(DONE);
    });
  }

  async return(): Promise<IteratorResult<AgentUpdate, undefined>> {
    this.#end();
    this.#waiting?.resolve(DONE);
    return DONE;
  }

  #start(): void {
    this.#signal.throwIfAborted();
    this.#items = this.#begin()[Symbol.asyncIterator]();
    this.#signal.addEventListener("abort", this.#onAbort, { once: true });
    // The items may have come with the abort.
    if (this.#signal.aborted) this.#onAbort();
  }

  #read(waiting: Waiting): void {
    this.#waiting = waiting;
    this.#items?.next().then(this.#take, this.#fail);
  }

  readonly #take = (result: IteratorResult<string | AgentUpdate>): void => {
    const waiting = this.#waiting;
    if (this.#ended || !waiting) return;
    try {
      const [first, ...more] = this.#updatesOf(result);
      if (first) {
        this.#ready = more;
        waiting.resolve({ done: false, value: first });
      } else {
        this.#read(waiting);
      }
    } catch (error) {
      this.#end();
      waiting.reject(error);
    }
  };

  #updatesOf(result: IteratorResult<string | AgentUpdate>): readonly AgentUpdate[] {
    if (result.done === true) {
      this.#over();
      return this.#completer.end();
    }
    const updates = this.#completer.take(result.value);
    // What comes after a finish is not read.
    if (updates.at(-1)?.type === "finish") this.#end();
    return updates;
  }

  readonly #fail = (error: unknown): void => {
    if (this.#ended) return;
    this.#over();
    this.#waiting?.reject(error);
  };

  /** Ends before the items have. */
  #end(): void {
    if (this.#ended) return;
    this.#over();
    // Not awaited: items that pay no attention to the signal must not hold up a cancelled run.
    this.#leaveItems().catch(() => {}); // Nobody is there to be told of it.
  }

  async #leaveItems(): Promise<void> {
    await this.#items?.return?.();
  }

  #over(): void {
    this.#ended = true;
    this.#signal.removeEventListener("abort", this.#onAbort);
  }
}

interface Waiting {
  readonly resolve: (result: IteratorResult<AgentUpdate, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

const DONE = { done: true, value: undefined } as const;
