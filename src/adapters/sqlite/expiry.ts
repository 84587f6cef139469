import type { Retention } from "../../ports/index.ts";
import type { ConversationRow, ConversationState } from "./conversation-table.ts";

/** What has become of a conversation by now, whatever is still in the file (L13). */
export type Fate = "kept" | "stream-expired" | "forgotten";

/** Decides by the clock, so that what has outlived its time is gone at once, and the sweep may come when it likes. */
export function fateOf(state: ConversationState, retention: Retention, now: number): Fate {
  if (!isIdle(state)) return "kept";
  const age = now - state.updatedAt;
  if (age >= retention.historyTtlMs) return "forgotten";
  return age >= retention.streamTtlMs ? "stream-expired" : "kept";
}

/** A conversation as it is to be seen: without what has outlived its time; undefined when that is everything. */
export function visible<Row extends ConversationRow>(
  row: Row | undefined,
  retention: Retention,
  now: number,
): Row | undefined {
  const fate = row && fateOf(row, retention, now);
  if (fate === "forgotten") return undefined;
  return fate === "stream-expired" ? row && { ...row, base: row.tip } : row;
}

/** Whether no run is under way and none waits: `isSettled`, without reading the inbox. */
export function isIdle({ tip, settled, waiting }: ConversationState): boolean {
  return tip === settled && waiting === 0;
}
