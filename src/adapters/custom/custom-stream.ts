import type { AgentUpdate, UpdateListener, UpdateStream } from "../../ports/index.ts";
import { UpdateCompleter } from "./update-completer.ts";

/**
 * What a custom agent yields, as whole steps. Written out as one iterator: each generator on the way would cost every
 * token several turns of promises. It has one reader, which iterates or listens. An abort rejects what is waited for at
 * once, whether or not the items heed it.
 */
export class CustomStream implements UpdateStream, AsyncIterableIterator<AgentUpdate> {
  readonly #begin: () => AsyncIterable<string | AgentUpdate>;
  readonly #signal: AbortSignal;
  readonly #completer = new UpdateCompleter();
  readonly #onAbort = (): void => {
    this.#ready = NOTHING;
    this.#fail(this.#signal.reason);
    this.#end();
  };
  #items: AsyncIterator<string | AgentUpdate> | undefined;
  /** What an item brought besides the update that was asked for. */
  #ready: readonly AgentUpdate[] = NOTHING;
  /** How many of them were given. */
  #given = 0;
  /** Whether the reader waits for what comes next. */
  #asked = false;
  #question: Question | undefined;
  #listener: UpdateListener | undefined;
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
    return new Promise((resolve, reject) => {
      this.#question = { resolve, reject };
      this.#ask();
    });
  }

  async return(): Promise<Result> {
    this.#end();
    this.#finish();
    return DONE;
  }

  listen(listener: UpdateListener): void {
    this.#listener = listener;
    this.#ask();
  }

  readonly #ask = (): void => {
    this.#asked = true;
    try {
      if (!this.#items && !this.#ended) this.#start();
      this.#goOn();
    } catch (error) {
      this.#fail(error);
    }
  };

  /** Gives what is ready for as long as the reader asks, and sees to more. A loop: one item may bring any number of updates. */
  #goOn(): void {
    while (this.#asked) {
      const update = this.#ready[this.#given];
      if (!update) break;
      this.#given += 1;
      this.#say(update);
    }
    if (!this.#asked) return;
    if (!this.#ended) this.#read();
    else if (this.#signal.aborted) this.#fail(this.#signal.reason);
    else this.#finish();
  }

  #start(): void {
    this.#signal.throwIfAborted();
    this.#items = this.#begin()[Symbol.asyncIterator]();
    this.#signal.addEventListener("abort", this.#onAbort, { once: true });
    // The items may have come with the abort.
    if (this.#signal.aborted) this.#onAbort();
  }

  #read(): void {
    this.#items?.next().then(this.#take, this.#broken);
  }

  readonly #take = (result: IteratorResult<string | AgentUpdate>): void => {
    if (this.#ended) return;
    try {
      const more = result.done === true ? undefined : this.#completer.moreText(result.value);
      if (more) this.#say(more);
      else this.#makeReady(this.#updatesOf(result));
      this.#goOn();
    } catch (error) {
      this.#giveUp(error);
    }
  };

  #makeReady(updates: readonly AgentUpdate[]): void {
    this.#ready = updates;
    this.#given = 0;
  }

  #say(update: AgentUpdate): void {
    this.#asked = false;
    if (this.#listener) this.#tell(this.#listener, update);
    else this.#question?.resolve({ done: false, value: update });
  }

  /** A listener has asked for more as soon as it has taken what there was. */
  #tell(listener: UpdateListener, update: AgentUpdate): void {
    let taking: Promise<void> | undefined;
    try {
      taking = listener.hear(update);
    } catch (error) {
      this.#giveUp(error);
      return;
    }
    if (taking) taking.then(this.#ask, this.#giveUp);
    else this.#asked = true;
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

  readonly #broken = (error: unknown): void => {
    if (this.#ended) return;
    this.#over();
    this.#fail(error);
  };

  readonly #giveUp = (error: unknown): void => {
    this.#end();
    // Also of what its own hearing throws.
    this.#asked = true;
    this.#fail(error);
  };

  #finish(): void {
    if (!this.#asked) return;
    this.#asked = false;
    if (this.#listener) this.#listener.end();
    else this.#question?.resolve(DONE);
  }

  /** Only who asks is told. */
  #fail(error: unknown): void {
    if (!this.#asked) return;
    this.#asked = false;
    if (this.#listener) this.#listener.fail(error);
    else this.#question?.reject(error);
  }

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

interface Question {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

const NOTHING: readonly AgentUpdate[] = [];

const DONE = { done: true, value: undefined } as const;
