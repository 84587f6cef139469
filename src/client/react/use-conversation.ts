import { useMemo, useState, useSyncExternalStore } from "react";
import { createHoldfastClient } from "../client.ts";
import type { HoldfastClient } from "../client.ts";
import type { ConversationSnapshot } from "./conversation-snapshot.ts";
import { createConversationView } from "./conversation-view.ts";
import type { ConversationActions, ConversationView, ConversationViewOptions } from "./conversation-view.ts";

/**
 * As of a view, with where the server is, or a client. Give a client when requests need headers; make it once, outside
 * of the component or in `useMemo`. Another client, base address, agent, conversation, or storage is another
 * conversation; an id that is given after the conversation began, and names it, changes nothing.
 */
export type UseConversationOptions = Omit<ConversationViewOptions, "client"> & ServerAddress;

type ServerAddress =
  | { readonly client: HoldfastClient; readonly baseUrl?: undefined }
  | { readonly client?: undefined; /** Empty: the page's own origin. */ readonly baseUrl: string };

/** What is to be shown, and what can be done. */
export type Conversation = ConversationSnapshot & ConversationActions;

/**
 * A conversation with an agent that survives cuts, reloads and other tabs.
 * @example
 * const { messages, status, send, stop } = useConversation({ baseUrl: "", agent: "TravelPlanner", storage: "session" });
 */
export function useConversation(options: UseConversationOptions): Conversation {
  const view = useView(options);
  const snapshot = useSyncExternalStore(view.subscribe, view.getSnapshot, view.getServerSnapshot);
  return useMemo(() => ({ ...actionsOf(view), ...snapshot }), [view, snapshot]);
}

interface MadeView {
  readonly of: UseConversationOptions;
  readonly view: ConversationView;
}

/** The view of the options; another one when they name another conversation. Making one starts nothing. */
function useView(options: UseConversationOptions): ConversationView {
  const [made, setMade] = useState(() => makeView(options));
  if (isOf(made.of, options)) return made.view;
  const { of, view } = made;
  const { conversationId } = view.getSnapshot();
  // A conversation that began here and is then asked for by its id is the same; to take its id away again is another.
  const isNamed = conversationId !== undefined && isOf({ ...of, conversationId }, options);
  const next = isNamed ? { of: options, view } : makeView(options);
  setMade(next);
  return next.view;
}

function makeView(options: UseConversationOptions): MadeView {
  const client = options.client ?? createHoldfastClient({ baseUrl: options.baseUrl });
  return { of: options, view: createConversationView({ ...options, client }) };
}

function isOf(one: UseConversationOptions, other: UseConversationOptions): boolean {
  return IDENTITY.every((name) => one[name] === other[name]);
}

/** Which options say which conversation it is, and where. */
const IDENTITY = ["client", "baseUrl", "agent", "conversationId", "storage", "storageKey"] as const;

function actionsOf(view: ConversationView): ConversationActions {
  const { send, retry, stop, approve, disconnect, reconnect, startOver } = view;
  return { send, retry, stop, approve, disconnect, reconnect, startOver };
}
