import { ClientError } from "../../client/index.ts";
import type {
  ConversationStatus,
  HistoryRun,
  HoldfastClient,
  RunStatus,
  StatusName,
} from "../../client/index.ts";
import { compareCursors, parseCursor, START } from "../../core/index.ts";
import type { LogEvent, Usage } from "../../core/index.ts";
import { timelineOf } from "./timeline.ts";
import type { TimelineItem } from "./timeline.ts";

/** All that a server tells of a conversation. */
export interface Inspection {
  readonly conversationId: string;
  readonly agent: string;
  readonly status: StatusName;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly cursor: string;
  /** Whether some of the log is still kept. */
  readonly streamKept: boolean;
  readonly runs: readonly InspectedRun[];
}

export interface InspectedRun {
  readonly run: number;
  readonly id: string;
  readonly status: StatusName;
  readonly message: string;
  readonly acceptedAt?: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
  readonly attempts?: number;
  readonly usage?: Usage;
  readonly characters?: number;
  readonly error?: { readonly code: string; readonly message: string };
  readonly reason?: string;
  /** Empty when its part of the log has expired, or it has not begun. */
  readonly timeline: readonly TimelineItem[];
}

/** Brings together what status, history and log say. */
export function inspectionOf(
  status: ConversationStatus,
  history: readonly HistoryRun[],
  events: readonly LogEvent[],
): Inspection {
  const { conversationId, agent, createdAt, updatedAt, cursor } = status;
  const timeline = timelineOf(events);
  const ended = new Map(history.map((record) => [record.run, record]));
  const open = status.runs.filter(({ run }) => !ended.has(run));
  return {
    conversationId,
    agent,
    status: status.status,
    createdAt,
    updatedAt,
    cursor,
    streamKept: events.length > 0,
    runs: [
      ...history.map((record) => endedRun(record, timeline.get(record.run))),
      ...open.map((run) => openRun(run, timeline.get(run.run))),
    ],
  };
}

const NAMES: Record<HistoryRun["status"], StatusName> = {
  completed: "Completed",
  incomplete: "Completed",
  failed: "Failed",
  cancelled: "Canceled",
};

function endedRun(record: HistoryRun, timeline: readonly TimelineItem[] = []): InspectedRun {
  const { run, id, message, acceptedAt, startedAt, endedAt, attempts, usage, error, reason } = record;
  return {
    run,
    id,
    status: NAMES[record.status],
    message,
    acceptedAt,
    startedAt,
    endedAt,
    attempts,
    usage,
    characters: record.response.length,
    ...(error && { error }),
    ...(reason !== undefined && { reason }),
    timeline,
  };
}

function openRun(
  { run, id, status, message }: RunStatus,
  timeline: readonly TimelineItem[] = [],
): InspectedRun {
  return { run, id, status, message, timeline };
}

/** How many records are asked for at a time. */
const PAGE = 100;

/** The records of all ended runs. */
export async function readHistory(client: HoldfastClient, id: string): Promise<readonly HistoryRun[]> {
  const runs: HistoryRun[] = [];
  let from: number | undefined = 1;
  while (from !== undefined) {
    const page: Awaited<ReturnType<HoldfastClient["history"]>> = await client.history(id, {
      from,
      limit: PAGE,
    });
    runs.push(...page.runs);
    from = page.next;
  }
  return runs;
}

/** The entries that are kept, up to where the log ended when the status was asked for; none when all have expired. */
export async function readLog(
  client: HoldfastClient,
  { conversationId, cursor }: Pick<ConversationStatus, "conversationId" | "cursor">,
  onProgress: (entries: number) => void,
): Promise<readonly LogEvent[]> {
  const tip = parseCursor(cursor);
  const events: LogEvent[] = [];
  if (tip === START) return events;
  try {
    for await (const update of client.follow(conversationId)) {
      events.push(update.event);
      onProgress(events.length);
      // A run under way has no end to wait for.
      if (compareCursors(parseCursor(update.cursor), tip) >= 0) break;
    }
  } catch (error) {
    if (error instanceof ClientError && error.code === "stream_expired") return [];
    throw error;
  }
  return events;
}
