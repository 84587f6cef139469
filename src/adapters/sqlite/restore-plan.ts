import { attemptOf } from "../../core/index.ts";
import { requireWhole } from "../../ports/index.ts";
import type { ConversationSnapshot, Retention } from "../../ports/index.ts";
import { visible } from "./expiry.ts";
import type { Plan } from "./group-writer.ts";
import { serialize } from "./log-table.ts";
import type { WriterTables } from "./tables.ts";

export interface RestorePlanOptions {
  readonly tables: WriterTables;
  readonly retention: Retention;
  readonly now: () => number;
}

/** Stores a conversation that comes from elsewhere, unless there is one of its id. One transaction, however long it is. */
export function planRestore(
  { tables, retention, now }: RestorePlanOptions,
  snapshot: ConversationSnapshot,
): Plan<boolean> {
  const { conversations, log, inbox, history } = tables;
  requireWhole(snapshot);
  const { id, agent, createdAt, runs, base, tip, inbox: items } = snapshot;
  const at = now();
  const stored = conversations.find(id);
  if (visible(stored, retention, at)) return { value: false };
  const entries = serialize(snapshot.entries);
  const records = snapshot.records.map((record) => ({ run: record.run, text: JSON.stringify(record) }));
  const nextItem = 1 + Math.max(0, ...items.map((item) => item.itemId));
  return {
    value: true,
    apply() {
      // What has outlived its time may still lie there.
      if (stored) conversations.remove(stored);
      const cursors = { attempt: attemptOf(tip), tip, base, settled: tip };
      const times = { createdAt, updatedAt: at };
      const key = conversations.insert({ id, agent, ...times, runs, ...cursors, nextItem, waiting: 0 });
      log.write(key, entries);
      for (const item of items) inbox.add(key, item);
      for (const { run, text } of records) history.add(key, run, text);
    },
  };
}
