import type { HoldfastClient } from "../client.ts";
import type { ConversationViewOptions } from "./conversation-view.ts";
import { useConversation } from "./use-conversation.ts";
import type { Conversation } from "./use-conversation.ts";

export interface UseAgentOptions extends Omit<ConversationViewOptions, "agent" | "client"> {
  /** Where the server is. Default: the page's own origin. */
  readonly baseUrl?: string;
  /** For requests that need headers, instead of an address; made once. */
  readonly client?: HoldfastClient;
}

/**
 * A conversation with one agent of the page's own server, kept for a reload of the tab: `useConversation` for the commonest
 * case. Options name what is otherwise.
 * @example
 * const { messages, status, send, stop } = useAgent("TravelPlanner");
 */
export function useAgent(agent: string, options: UseAgentOptions = {}): Conversation {
  const { client, baseUrl = "", ...rest } = options;
  const conversation = { storage: "session", ...rest, agent } as const;
  return useConversation(client ? { ...conversation, client } : { ...conversation, baseUrl });
}
