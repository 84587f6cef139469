import { watchBrowser } from "holdfast/client";
import type { PageEvent, WatchPage } from "holdfast/client";

/**
 * The page's network cable. Pulled, every request under way breaks off in the middle, as a tunnel or a dead router would
 * break it, and no other gets through. The client above is not told how: it has to hold on by itself.
 */
export interface Plug {
  readonly fetch: typeof fetch;
  /** The browser's own events, and those that a network makes that goes and comes back. */
  readonly watchPage: WatchPage;
  readonly subscribe: (listener: () => void) => () => void;
  readonly isPulled: () => boolean;
  readonly pull: () => void;
  readonly putBack: () => void;
}

export function createPlug(): Plug {
  const listeners = new Set<() => void>();
  const tellers = new Set<(event: PageEvent) => void>();
  let cable = new AbortController();

  function told(event: PageEvent): void {
    for (const tell of tellers) tell(event);
    for (const listener of listeners) listener();
  }

  return {
    fetch: (input, init) => {
      const signals = init?.signal ? [init.signal, cable.signal] : [cable.signal];
      return fetch(input, { ...init, signal: AbortSignal.any(signals) });
    },
    watchPage(tell) {
      tellers.add(tell);
      const unwatch = watchBrowser((event) => {
        if (event === "offline" || !cable.signal.aborted) tell(event);
      });
      if (cable.signal.aborted) tell("offline");
      return () => {
        tellers.delete(tell);
        unwatch();
      };
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    isPulled: () => cable.signal.aborted,
    pull() {
      if (cable.signal.aborted) return;
      // What fetch rejects with when a network is gone.
      cable.abort(new TypeError("The plug is pulled."));
      told("offline");
    },
    putBack() {
      if (!cable.signal.aborted) return;
      cable = new AbortController();
      told("online");
    },
  };
}
