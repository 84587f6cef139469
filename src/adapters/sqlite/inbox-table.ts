import type { DatabaseSync } from "node:sqlite";
import type { InboxItem } from "../../core/index.ts";
import type { Posted } from "../../ports/index.ts";

/** What waits to be taken, and the answers that repeats of a request get. */
export interface InboxTable {
  items(key: number): readonly InboxItem[];
  add(key: number, item: InboxItem): void;
  /** Removes items and gives how many of them were run requests. */
  take(key: number, itemIds: Iterable<number>): number;
  answer(key: number, idempotencyKey: string): RememberedAnswer | undefined;
  remember(key: number, idempotencyKey: string, answer: RememberedAnswer): void;
  /** Drops some answers that no repeat can ask for any more; gives how many. */
  forgetAnswers(until: number, limit: number): number;
  hasOldAnswers(until: number): boolean;
}

export interface RememberedAnswer {
  readonly posted: Posted;
  readonly fingerprint: string | undefined;
  /** The first moment at which it is forgotten, in milliseconds since 1970. */
  readonly until: number;
}

export function createInboxTable(database: DatabaseSync): InboxTable {
  const items = database.prepare("SELECT content FROM inbox WHERE conversation = ? ORDER BY item");
  const add = database.prepare("INSERT INTO inbox VALUES (?, ?, ?, ?)");
  const take = database.prepare("DELETE FROM inbox WHERE conversation = ? AND item = ? RETURNING kind");
  const answer = database.prepare(
    "SELECT run, run_id, fingerprint, until FROM answers WHERE conversation = ? AND request_key = ?",
  );
  const remember = database.prepare("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?)");
  const forget = database.prepare(
    `DELETE FROM answers WHERE (conversation, request_key) IN
       (SELECT conversation, request_key FROM answers WHERE until <= ? LIMIT ?)`,
  );
  const old = database.prepare("SELECT 1 FROM answers WHERE until <= ? LIMIT 1");

  return {
    items: (key) => items.all(key).map((row) => JSON.parse(String(row["content"])) as InboxItem),
    add: (key, item) => void add.run(key, item.itemId, item.kind, JSON.stringify(item)),
    take(key, itemIds) {
      let runs = 0;
      for (const itemId of itemIds) if (take.get(key, itemId)?.["kind"] === "run") runs += 1;
      return runs;
    },
    answer(key, idempotencyKey) {
      const row = answer.get(key, idempotencyKey);
      if (!row) return undefined;
      const fingerprint = row["fingerprint"] === null ? undefined : String(row["fingerprint"]);
      const posted = { run: Number(row["run"]), runId: String(row["run_id"]), repeated: false };
      return { posted, fingerprint, until: Number(row["until"]) };
    },
    remember(key, idempotencyKey, { posted, fingerprint, until }) {
      remember.run(key, idempotencyKey, posted.run, posted.runId, fingerprint ?? null, until);
    },
    forgetAnswers: (until, limit) => Number(forget.run(until, limit).changes),
    hasOldAnswers: (until) => old.get(until) !== undefined,
  };
}
