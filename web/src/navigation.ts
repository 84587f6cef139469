/** Which conversation the address names, and how often another one was opened since the page was loaded. */
export interface Place {
  /** Undefined: a conversation that has not begun. */
  readonly conversationId: string | undefined;
  /** The same number: the same conversation, also when it has only now been given its name. */
  readonly visit: number;
}

/** Where the page is: an external store for React, kept in the address so that a reload finds it again. */
export interface Navigation {
  readonly subscribe: (listener: () => void) => () => void;
  readonly getPlace: () => Place;
  /** The conversation that is shown has got its name. */
  readonly name: (conversationId: string) => void;
  /** To a conversation that has not begun. */
  readonly begin: () => void;
}

const CONVERSATION = /^#\/c\/(.+)$/;

let place: Place = { conversationId: conversationInAddress(), visit: 0 };
const listeners = new Set<() => void>();

export const navigation: Navigation = {
  subscribe(listener) {
    if (listeners.size === 0) globalThis.addEventListener("hashchange", readAddress);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) globalThis.removeEventListener("hashchange", readAddress);
    };
  },
  getPlace: () => place,
  name(conversationId) {
    history.replaceState(null, "", addressOf(conversationId));
    change({ ...place, conversationId });
  },
  begin() {
    history.pushState(null, "", "#/");
    change({ conversationId: undefined, visit: place.visit + 1 });
  },
};

export function addressOf(conversationId: string): string {
  return `#/c/${encodeURIComponent(conversationId)}`;
}

function readAddress(): void {
  const conversationId = conversationInAddress();
  if (conversationId !== place.conversationId) change({ conversationId, visit: place.visit + 1 });
}

function conversationInAddress(): string | undefined {
  const name = CONVERSATION.exec(location.hash)?.[1];
  if (name === undefined) return undefined;
  try {
    return decodeURIComponent(name);
  } catch {
    return name; // Badly encoded: the server will say that there is no such conversation.
  }
}

function change(next: Place): void {
  place = next;
  for (const listener of listeners) listener();
}
