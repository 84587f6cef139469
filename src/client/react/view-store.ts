import type { ConversationSnapshot } from "./conversation-snapshot.ts";
import type { Schedule } from "./conversation-view.ts";
import { createMessageList } from "./message-list.ts";
import { snapshotOf } from "./snapshot-of.ts";
import type { ViewState } from "./view-state.ts";

/** What a view knows, what it shows of it, and who is told. */
export interface ViewStore {
  readonly state: ViewState;
  readonly snapshot: ConversationSnapshot;
  /** Changes what is known; listeners are told soon, once for all that changes until then. */
  change(patch: Partial<ViewState>): void;
  /** Tells listeners now of what they have not been told yet. */
  flush(): void;
  /** Whether anybody listens. */
  readonly watched: boolean;
  /** Gives the function that ends it. */
  listen(listener: () => void): () => void;
}

export function createViewStore(
  initial: ViewState,
  { schedule, onChange }: { readonly schedule: Schedule; readonly onChange: () => void },
): ViewStore {
  const messageList = createMessageList();
  const listeners = new Set<() => void>();
  let state = initial;
  let snapshot = snapshotOf(state, messageList);
  let cancel: (() => void) | undefined;

  function flush(): void {
    if (!cancel) return;
    cancel();
    cancel = undefined;
    snapshot = snapshotOf(state, messageList);
    for (const listener of listeners) listener();
  }

  return {
    get state() {
      return state;
    },
    get snapshot() {
      return snapshot;
    },
    change(patch) {
      state = { ...state, ...patch };
      cancel ??= schedule(flush);
      onChange();
    },
    flush,
    get watched() {
      return listeners.size > 0;
    },
    listen(listener) {
      // One that listens twice is told twice.
      const own = (): void => listener();
      listeners.add(own);
      return () => void listeners.delete(own);
    },
  };
}
