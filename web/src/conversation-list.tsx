import { useEffect, useState } from "react";
import type { ReactNode } from "react";
import type { ConversationsPage, ConversationSummary } from "holdfast/client";
import { addressOf, navigation } from "./navigation.ts";
import { repeating } from "./retrying.ts";
import { client } from "./server.ts";
import { shortId } from "./short-id.ts";
import { useTitles } from "./use-titles.ts";

const REFRESH_MS = 5_000;
const PAGE = 25;

/** Something happened to the conversation that is shown, by which the list is no longer right. */
export interface ConversationChange {
  readonly conversationId: string | undefined;
  /** What it began with. */
  readonly title: string | undefined;
}

/** What was talked of here, the newest first. */
export function ConversationList({
  current,
  change,
}: {
  readonly current: string | undefined;
  /** The newest; another object is another change. */
  readonly change: ConversationChange | undefined;
}): ReactNode {
  const [limit, setLimit] = useState(PAGE);
  const page = useConversations(limit, change);
  const titles = useTitles(page?.conversations ?? []);
  return (
    <section className="conversations">
      <header>
        <h2>Conversations</h2>
        <button type="button" className="quiet" onClick={beginAnew}>
          New
        </button>
      </header>
      {page?.conversations.length === 0 && <p className="faint">None yet.</p>}
      <ul>
        {page?.conversations.map((conversation) => (
          <ListItem
            key={conversation.conversationId}
            conversation={conversation}
            title={
              (conversation.conversationId === change?.conversationId ? change.title : undefined) ??
              titles.get(conversation.conversationId)
            }
            isCurrent={conversation.conversationId === current}
          />
        ))}
      </ul>
      {page?.next !== undefined && limit < MOST && (
        <button type="button" className="quiet" onClick={() => setLimit((shown) => shown + PAGE)}>
          Older ones
        </button>
      )}
    </section>
  );
}

function beginAnew(): void {
  navigation.begin();
  requestAnimationFrame(() => document.getElementById("message")?.focus());
}

/** What one page of the listing may hold. */
const MOST = 200;

function ListItem({
  conversation: { conversationId, agent, runs, updatedAt },
  title,
  isCurrent,
}: {
  readonly conversation: ConversationSummary;
  readonly title: string | undefined;
  readonly isCurrent: boolean;
}): ReactNode {
  return (
    <li>
      <a href={addressOf(conversationId)} aria-current={isCurrent ? "page" : undefined}>
        <span className="title">{title ?? shortId(conversationId)}</span>
        <span className="facts">
          {agent}, {runs === 1 ? "1 run" : `${runs} runs`}, <time dateTime={updatedAt}>{ago(updatedAt)}</time>
        </span>
      </a>
    </li>
  );
}

function useConversations(
  limit: number,
  change: ConversationChange | undefined,
): ConversationsPage | undefined {
  const [page, setPage] = useState<ConversationsPage>();
  useEffect(
    () =>
      repeating(async (signal) => setPage(await client.conversations({ limit, signal })), {
        againMs: REFRESH_MS,
      }),
    [limit, change],
  );
  return page;
}

const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

function ago(instant: string): string {
  const age = Date.now() - Date.parse(instant);
  if (age < MINUTE_MS) return "just now";
  if (age < HOUR_MS) return RELATIVE.format(-Math.floor(age / MINUTE_MS), "minute");
  if (age < DAY_MS) return RELATIVE.format(-Math.floor(age / HOUR_MS), "hour");
  return RELATIVE.format(-Math.floor(age / DAY_MS), "day");
}
