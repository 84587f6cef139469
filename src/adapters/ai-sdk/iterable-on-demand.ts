/**
 * An iterable that is made when its first item is asked for, and not at all when it was ended before. Once made it costs
 * an item nothing: a generator around it would cost each token three turns of promises.
 */
export function iterableOnDemand<Item>(make: () => Promise<AsyncIterable<Item>>): AsyncIterable<Item> {
  return {
    [Symbol.asyncIterator]() {
      let items: AsyncIterator<Item> | undefined;
      let ended = false;
      const first = async (): Promise<IteratorResult<Item>> => {
        const made = await make();
        if (ended) return { done: true, value: undefined };
        items = made[Symbol.asyncIterator]();
        return items.next();
      };
      return {
        next: () => items?.next() ?? first(),
        async return() {
          ended = true;
          return items?.return?.() ?? { done: true, value: undefined };
        },
      };
    },
  };
}
