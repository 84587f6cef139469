import { parseCursor } from "../../core/index.ts";
import type { Cursor, LogEvent } from "../../core/index.ts";
import type { HistoryPage, HistoryRun } from "../answers.ts";
import { ClientError } from "../client-error.ts";
import type { HoldfastClient } from "../client.ts";
import type { FollowOptions } from "../follow-options.ts";
import { MAX_RUNS_SHOWN } from "./transcript.ts";

export interface ConversationReading {
  readonly client: HoldfastClient;
  readonly conversationId: string;
  /** The newest entry that is shown; undefined: nothing is, and the history is asked first. */
  readonly cursor: Cursor | undefined;
  readonly following: Omit<FollowOptions, "cursor" | "across"> & { readonly signal: AbortSignal };
  /** What takes the place of all that was shown before. */
  readonly onHistory: (told: ToldHistory) => void;
  readonly onEvent: (cursor: Cursor, event: LogEvent) => void;
}

/** What the history tells of a conversation. */
export interface ToldHistory {
  /** The runs that have ended, the newest of them. */
  readonly runs: readonly HistoryRun[];
  /** The newest entry of the log at that time. */
  readonly tip: Cursor;
}

/**
 * Reads a conversation on for ever, across runs and connections; ends when its signal aborts. Entries that are gone from
 * the stream are in the history: it is asked, and the stream gone on with after it. Rejects with ClientError.
 */
export async function readConversation(reading: ConversationReading): Promise<void> {
  const { cursor, onHistory } = reading;
  if (cursor !== undefined && (await followAfter(reading, cursor)) === "ended") return;
  const history = await wholeHistory(reading);
  onHistory(history);
  const last = history.runs.at(-1);
  if (last && (await followAfter(reading, parseCursor(last.cursor))) === "ended") return;
  await followFrom(reading, undefined);
}

/** Follows until it is aborted, or until what comes after the cursor turns out not to be in the stream. */
async function followAfter(reading: ConversationReading, cursor: Cursor): Promise<"ended" | "gone"> {
  try {
    await followFrom(reading, cursor);
    return "ended";
  } catch (error) {
    if (error instanceof ClientError && error.status === 410) return "gone";
    throw error;
  }
}

async function followFrom(reading: ConversationReading, cursor: Cursor | undefined): Promise<void> {
  const { client, conversationId, following, onEvent } = reading;
  for await (const update of client.follow(conversationId, { ...following, cursor, across: true })) {
    onEvent(parseCursor(update.cursor), update.event);
  }
}

/** How many runs are asked for at once: as many as the server gives. */
const PAGE = 200;

async function wholeHistory({
  client,
  conversationId,
  following: { signal },
}: ConversationReading): Promise<ToldHistory> {
  let runs: readonly HistoryRun[] = [];
  let from: number | undefined = 1;
  for (;;) {
    const page: HistoryPage = await client.history(conversationId, { from, limit: PAGE, signal });
    runs = [...runs, ...page.runs].slice(-MAX_RUNS_SHOWN);
    from = page.next;
    if (from === undefined) return { runs, tip: parseCursor(page.cursor) };
  }
}
