import type { DatabaseSync } from "node:sqlite";
import type { ConversationId } from "../../core/index.ts";
import type { Logger, Retention } from "../../ports/index.ts";
import type { FollowHub } from "../follow/index.ts";
import { fateOf } from "./expiry.ts";
import type { GroupWriter, Plan } from "./group-writer.ts";
import type { WriterTables } from "./tables.ts";

/** How often the store looks for what has outlived its time, in milliseconds. */
export const SWEEP_INTERVAL_MS = 10_000;
/** How many conversations, and how many rows of entries of each, one transaction drops, so that writers hardly notice. */
const CONVERSATIONS_A_BATCH = 16;
const ROWS_A_BATCH = 256;
const ANSWERS_A_BATCH = 256;
/** Free pages that the file keeps for what comes next; more are given back, so many at a time. */
const FREE_PAGES_KEPT = 256;
const PAGES_A_BATCH = 256;

export interface SweepOptions {
  readonly database: DatabaseSync;
  readonly tables: WriterTables;
  readonly writer: GroupWriter;
  readonly hub: FollowHub;
  readonly retention: Retention;
  readonly now: () => number;
  readonly logger: Logger;
  readonly intervalMs: number;
}

/** Keeps the file from growing (L13). Decides nothing: what it drops was out of sight before. */
export interface Sweep {
  stop(): void;
}

export function startSweep(options: SweepOptions): Sweep {
  const { database, tables, writer, hub, retention, now, logger } = options;
  const { conversations, log, inbox } = tables;
  const freePages = database.prepare("PRAGMA freelist_count");
  let running = false;
  let journalEndBefore = 0;
  const stopping = new AbortController();

  async function sweep(): Promise<void> {
    if (running) return;
    running = true;
    try {
      while (!stopping.signal.aborted && (await dropBatch()));
      // What has been in the journal since the last time is kept in memory for long enough.
      const since = journalEndBefore;
      journalEndBefore = log.journalEnd;
      while (!stopping.signal.aborted && (await tidyJournal(since)));
      while (!stopping.signal.aborted && (await giveBack()));
    } catch (error) {
      if (!stopping.signal.aborted)
        logger.warn({ error }, "could not drop expired conversations; trying again later");
    } finally {
      running = false;
    }
  }

  /** Whether anything was dropped, so that there may be more. */
  async function dropBatch(): Promise<boolean> {
    const at = now();
    const forgotten = conversations.settled(at - retention.historyTtlMs, CONVERSATIONS_A_BATCH);
    const expired = conversations.withStream(at - retention.streamTtlMs, CONVERSATIONS_A_BATCH);
    const writes = [
      ...forgotten.map((id) => writer.write(() => forget(id))),
      ...expired.map((id) => writer.write(() => expire(id))),
    ];
    if (inbox.hasOldAnswers(at)) writes.push(writer.write(() => forgetAnswers(at)));
    await Promise.all(writes);
    return writes.length > 0;
  }

  function forget(id: ConversationId): Plan<void> {
    const row = conversations.find(id);
    if (!row || fateOf(row, retention, now()) !== "forgotten") return NOTHING;
    return {
      value: undefined,
      apply: () => conversations.remove(row),
      committed: () => hub.remove(id),
    };
  }

  /** Moves the base along with what is dropped: whatever the settings after a restart, the log has no hole. */
  function expire(id: ConversationId): Plan<void> {
    const row = conversations.find(id);
    if (!row || fateOf(row, retention, now()) === "kept") return NOTHING;
    const base = log.nthRow(row.key, ROWS_A_BATCH) ?? row.tip;
    return {
      value: undefined,
      apply() {
        log.dropUpTo(row.key, base);
        conversations.update({ ...row, base });
      },
    };
  }

  function forgetAnswers(until: number): Plan<void> {
    return { value: undefined, apply: () => void inbox.forgetAnswers(until, ANSWERS_A_BATCH) };
  }

  /** Whether there is more to be tidied up. */
  async function tidyJournal(since: number): Promise<boolean> {
    if (!log.isUntidy(since)) return false;
    await writer.write(() => ({ value: undefined, apply: () => log.tidy(since) }));
    return true;
  }

  /** Whether free pages were given back to the file system. */
  async function giveBack(): Promise<boolean> {
    const spare = Number(freePages.get()?.["freelist_count"]) - FREE_PAGES_KEPT;
    if (spare <= 0) return false;
    const apply = (): void => database.exec(`PRAGMA incremental_vacuum(${Math.min(spare, PAGES_A_BATCH)})`);
    await writer.write(() => ({ value: undefined, apply }));
    return true;
  }

  const timer = setInterval(() => void sweep(), options.intervalMs);
  timer.unref();
  return {
    stop() {
      stopping.abort();
      clearInterval(timer);
    },
  };
}

const NOTHING: Plan<void> = { value: undefined };
