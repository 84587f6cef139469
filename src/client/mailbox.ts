/** What happens, in the order in which it happens, for one who takes it when it is ready for it. */
export interface Mailbox<Item> {
  post(item: Item): void;
  take(): Promise<Item>;
}

/**
 * One queue instead of a race of promises: racing a long wait against each of thousands of reads would leave a reaction
 * on the long one for each. Its bound is its senders': one read, one timer, and a page's own events.
 */
export function createMailbox<Item>(): Mailbox<Item> {
  const items: Item[] = [];
  let waiting: ((item: Item) => void) | undefined;
  return {
    post(item) {
      const taker = waiting;
      waiting = undefined;
      if (taker) taker(item);
      else items.push(item);
    },
    take() {
      const item = items.shift();
      if (item !== undefined) return Promise.resolve(item);
      return new Promise((resolve) => {
        waiting = resolve;
      });
    },
  };
}
