import type { DatabaseSync } from "node:sqlite";
import { compareCursors, cursorAt } from "../../core/index.ts";
import type { ConversationId, Cursor } from "../../core/index.ts";
import type { ConversationSummary } from "../../ports/index.ts";
import type { RecentEntries } from "./recent-entries.ts";

/** A conversation's row, as stored: what has outlived its time may still be there (see `expiry.ts`). */
export interface ConversationRow extends ConversationState {
  readonly key: number;
}

export interface ConversationState {
  readonly id: ConversationId;
  readonly agent: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly runs: number;
  readonly attempt: number;
  readonly tip: Cursor;
  readonly base: Cursor;
  readonly settled: Cursor;
  readonly nextItem: number;
  /** How many run requests are in the inbox. */
  readonly waiting: number;
}

/** A position in a listing by time: what comes after it has not been listed yet. */
export interface Place {
  readonly updatedAt: number;
  readonly id: ConversationId;
}

export interface ListQuery {
  readonly agent: string | undefined;
  readonly limit: number;
  readonly after: Place;
  /** Settled conversations not touched since are left out. */
  readonly forgottenBefore: number;
}

export interface ConversationTable {
  /** With the tip as the entries tell it, which an append alone does not write to the row. */
  find(id: ConversationId): ConversationRow | undefined;
  /** Gives the new row's key. */
  insert(state: ConversationState): number;
  update(row: ConversationRow): void;
  /** Removes the row and everything that hangs on it. */
  remove(row: ConversationRow): void;
  /** The latest touched first. */
  list(query: ListQuery): readonly ConversationSummary[];
  /** With a run under way or waiting, the least recently touched first. */
  live(touchedUntil: number, after: Place, limit: number): readonly Place[];
  /** Settled, with entries, and not touched since. */
  withStream(touchedUntil: number, limit: number): readonly ConversationId[];
  /** Settled and not touched since. */
  settled(touchedUntil: number, limit: number): readonly ConversationId[];
}

export function createConversationTable(database: DatabaseSync, recent: RecentEntries): ConversationTable {
  const find = database.prepare(`SELECT ${COLUMNS} FROM conversations WHERE id = ?`);
  const insert = database.prepare(
    `INSERT INTO conversations
       (key, id, agent, created_at, updated_at, runs, attempt, tip, base, settled, next_item, waiting)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const highestKey = database.prepare(
    "SELECT max(coalesce((SELECT max(key) FROM conversations), 0), coalesce((SELECT max(highest_key) FROM journal), 0)) AS key",
  );
  let lastKey: number | undefined;
  const update = database.prepare(
    `UPDATE conversations
     SET updated_at = ?, runs = ?, attempt = ?, tip = ?, base = ?, settled = ?, next_item = ?, waiting = ?
     WHERE key = ?`,
  );
  const remove = [
    ...HANGING_ON_A_ROW.map((table) => `DELETE FROM ${table} WHERE conversation = ?`),
    "DELETE FROM conversations WHERE key = ?",
  ].map((statement) => database.prepare(statement));
  const list = database.prepare(`${LIST} ${LIST_ORDER}`);
  const listOfAgent = database.prepare(`${LIST} AND agent = ?5 ${LIST_ORDER}`);
  const live = database.prepare(
    `SELECT id, updated_at AS updatedAt FROM conversations
     WHERE live = 1 AND updated_at <= ?1 AND updated_at >= ?2 AND (updated_at > ?2 OR id > ?3)
     ORDER BY updated_at, id LIMIT ?4`,
  );
  const withStream = database.prepare(
    "SELECT id FROM conversations WHERE live = 0 AND base <> tip AND updated_at <= ? LIMIT ?",
  );
  const settled = database.prepare(
    "SELECT id FROM conversations WHERE live = 0 AND updated_at <= ? ORDER BY updated_at LIMIT ?",
  );

  function withRecentTip(row: ConversationRow): ConversationRow {
    const newest = recent.endOf(row.key);
    const tip = newest && cursorAt(newest.attempt, newest.seq);
    return tip && compareCursors(tip, row.tip) > 0 ? { ...row, tip } : row;
  }

  /** Never one that was somebody's before, of whom something may be left in the journal. */
  function nextKey(): number {
    lastKey = (lastKey ?? Number(highestKey.get()?.["key"])) + 1;
    return lastKey;
  }

  return {
    find(id) {
      const row = find.get(id) as unknown as ConversationRow | undefined;
      return row && withRecentTip(row);
    },
    insert(state) {
      const { id, agent, createdAt, updatedAt, runs, attempt, tip, base, settled: end } = state;
      const { nextItem, waiting } = state;
      const key = nextKey();
      insert.run(key, id, agent, createdAt, updatedAt, runs, attempt, tip, base, end, nextItem, waiting);
      return key;
    },
    update(row) {
      const { updatedAt, runs, attempt, tip, base, settled: end, nextItem, waiting, key } = row;
      update.run(updatedAt, runs, attempt, tip, base, end, nextItem, waiting, key);
    },
    remove({ key }) {
      for (const statement of remove) statement.run(key);
    },
    list({ agent, limit, after, forgottenBefore }) {
      const { updatedAt, id } = after;
      const rows =
        agent === undefined
          ? list.all(updatedAt, id, forgottenBefore, limit)
          : listOfAgent.all(updatedAt, id, forgottenBefore, limit, agent);
      return rows as unknown as ConversationSummary[];
    },
    live: (touchedUntil, after, limit) =>
      live.all(touchedUntil, after.updatedAt, after.id, limit) as unknown as Place[],
    withStream: (touchedUntil, limit) => idsOf(withStream.all(touchedUntil, limit)),
    settled: (touchedUntil, limit) => idsOf(settled.all(touchedUntil, limit)),
  };
}

/** The tables whose rows carry a conversation's key. */
const HANGING_ON_A_ROW = ["entries", "voided", "inbox", "records", "answers"];

/** A run that is under way has entries, which never expire before it ends; the journal may have newer ones. */
const TIP = `
  iif(tip = settled, tip, coalesce(
    (SELECT attempt || '-' || seq FROM entries WHERE conversation = conversations.key
     ORDER BY attempt DESC, seq DESC LIMIT 1), tip))`;
const COLUMNS = `
  key, id, agent, created_at AS createdAt, updated_at AS updatedAt, runs, attempt, ${TIP} AS tip, base, settled,
  next_item AS nextItem, waiting`;
const LIST = `
  SELECT id, agent, created_at AS createdAt, updated_at AS updatedAt, runs FROM conversations
  WHERE updated_at <= ?1 AND (updated_at < ?1 OR id > ?2) AND (live = 1 OR updated_at > ?3)`;
const LIST_ORDER = "ORDER BY updated_at DESC, id LIMIT ?4";

function idsOf(rows: readonly Readonly<Record<string, unknown>>[]): readonly ConversationId[] {
  return rows.map((row) => row["id"] as ConversationId);
}
