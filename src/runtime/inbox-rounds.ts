/** How often a worker looks at the inbox of a run of its own accord, in case an interrupt was lost, in milliseconds. */
export const INBOX_CHECK_INTERVAL_MS = 5_000;
/** How many inboxes it looks at a second, at most: with more runs under way than that allows for, each waits for its turn. */
export const MAX_INBOX_CHECKS_A_SECOND = 100;

const TURNS_A_SECOND = 10;
const CHECKS_A_TURN = MAX_INBOX_CHECKS_A_SECOND / TURNS_A_SECOND;

/**
 * Has each run of this process look at its inbox every few seconds. One timer for all of them, and a limit: thousands of runs
 * would ask the store more often than anything else does.
 */
export interface InboxRounds {
  /** Calls back again and again, until the returned function is called. */
  join(look: () => void): () => void;
}

export function createInboxRounds(): InboxRounds {
  return new TimedRounds();
}

class TimedRounds implements InboxRounds {
  /** When each is to look again, in milliseconds of `performance.now`; who comes first in the order of turns is first. */
  readonly #turns = new Map<() => void, number>();
  #timer: NodeJS.Timeout | undefined;

  join(look: () => void): () => void {
    this.#takeTurn(look);
    this.#timer ??= setInterval(this.#goOn, 1000 / TURNS_A_SECOND);
    return () => {
      this.#turns.delete(look);
      if (this.#turns.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  }

  /** Goes to the end of the queue, which for that reason is in the order of time. */
  #takeTurn(look: () => void): void {
    this.#turns.delete(look);
    this.#turns.set(look, performance.now() + INBOX_CHECK_INTERVAL_MS);
  }

  readonly #goOn = (): void => {
    const now = performance.now();
    let left = CHECKS_A_TURN;
    for (const [look, due] of this.#turns) {
      if (due > now || left === 0) return;
      left -= 1;
      this.#takeTurn(look);
      look();
    }
  };
}
