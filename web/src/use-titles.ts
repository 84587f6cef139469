import { useEffect, useState } from "react";
import type { ConversationSummary } from "holdfast/client";
import { client } from "./server.ts";

/** What is known of a conversation's beginning, and as of which change of it. */
interface Title {
  /** Undefined: none of its runs had ended then. */
  readonly text: string | undefined;
  readonly asOf: string;
}

const MAX_TITLES = 30;

/** What each conversation began with, read one after the other from their histories; the newest first, up to a limit. */
export function useTitles(conversations: readonly ConversationSummary[]): ReadonlyMap<string, string> {
  const [titles, setTitles] = useState<ReadonlyMap<string, Title>>(new Map());
  const missing = conversations.slice(0, MAX_TITLES).find(({ conversationId, updatedAt }) => {
    const known = titles.get(conversationId);
    return known === undefined || (known.text === undefined && known.asOf !== updatedAt);
  });
  const id = missing?.conversationId;
  const asOf = missing?.updatedAt;

  useEffect(() => {
    if (id === undefined || asOf === undefined) return undefined;
    const leaving = new AbortController();
    const { signal } = leaving;
    client.history(id, { limit: 1, signal }).then(
      ({ runs }) => setTitles((known) => new Map(known).set(id, { text: runs[0]?.message, asOf })),
      // Deleted meanwhile, or the server is away: its id will do until the list changes.
      () => {
        if (!signal.aborted) setTitles((known) => new Map(known).set(id, { text: undefined, asOf }));
      },
    );
    return () => leaving.abort();
  }, [id, asOf]);

  return new Map([...titles].flatMap(([each, { text }]) => (text === undefined ? [] : [[each, text]])));
}
