/**
 * An iterable that is made when its first item is asked for, and not at all when it was ended before. Once made it costs
 * an item nothing: a generator around it would cost each token three turns of promises.
 */
export function iterableOnDemand<Item>(make: () => Promise<AsyncIterable<Item>>): AsyncIterable<Item> {
  return {
    [Symbol.asyncIterator]() {
      let items: AsyncIterator<Item> | undefined;
      let making: Promise<void> | undefined;
      let ended = false;
      const begin = async (): Promise<void> => {
        const made = await make();
        if (!ended) items = made[Symbol.asyncIterator]();
      };
      const next = async (): Promise<IteratorResult<Item>> => {
        // Once, however many ask: what is made may be a call that is paid for.
        if (!ended) await (making ??= begin());
        return items?.next() ?? { done: true, value: undefined };
      };
      return {
        next: () => items?.next() ?? next(),
        async return() {
          ended = true;
          return items?.return?.() ?? { done: true, value: undefined };
        },
      };
    },
  };
}
