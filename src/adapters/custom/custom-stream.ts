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
    this.#reject?.(this.#signal.reason);
    this.#end();
  };
  #items: AsyncIterator<string | AgentUpdate> | undefined;
  /** What an item brought besides the update that was asked for. */
  #ready: readonly AgentUpdate[] = [];
  /** Of the newest question; called once more, they do nothing. */
  #resolve: ((result: Result) => void) | undefined;
  #reject: ((error: unknown) => void) | undefined;
  #ended = false;

  /** `begin` is called with the first update that is asked for. */
  constructor(begin: () => AsyncIterable<string | AgentUpdate>, signal: AbortSignal) {
    this.#begin = begin;
    this.#signal = signal;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result> {
    const answer = new Promise<Result>(this.#ask);
    try {
      if (!this.#items && !this.#ended) this.#start();
      if (this.#ready.length > 0) this.#give(this.#ready);
      else if (!this.#ended) this.#read();
      else if (this.#signal.aborted) this.#reject?.(this.#signal.reason);
      else this.#resolve?.(DONE);
    } catch (error) {
      this.#reject?.(error);
    }
    return answer;
  }

  async return(): Promise<Result> {
    this.#end();
    this.#resolve?.(DONE);
    return DONE;
  }

  /** One for all questions: a token is asked for as often as it comes. */
  readonly #ask = (resolve: (result: Result) => void, reject: (error: unknown) => void): void => {
    this.#resolve = resolve;
    this.#reject = reject;
  };

  #start(): void {
    this.#signal.throwIfAborted();
    this.#items = this.#begin()[Symbol.asyncIterator]();
    this.#signal.addEventListener("abort", this.#onAbort, { once: true });
    // The items may have come with the abort.
    if (this.#signal.aborted) this.#onAbort();
  }

  #read(): void {
    this.#items?.next().then(this.#take, this.#fail);
  }

  readonly #take = (result: IteratorResult<string | AgentUpdate>): void => {
    if (this.#ended) return;
    try {
      const more = result.done === true ? undefined : this.#completer.moreText(result.value);
      if (more) this.#resolve?.({ done: false, value: more });
      else this.#give(this.#updatesOf(result));
    } catch (error) {
      this.#end();
      this.#reject?.(error);
    }
  };

  #give([first, ...more]: readonly AgentUpdate[]): void {
    this.#ready = more;
    if (first) this.#resolve?.({ done: false, value: first });
    else this.#read();
  }

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
    this.#reject?.(error);
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

type Result = IteratorResult<AgentUpdate, undefined>;

const DONE = { done: true, value: undefined } as const;
