import { attemptOf, cursorOf, isRunEnd, randomId } from "../../core/index.ts";
import type { LogEvent } from "../../core/index.ts";
import { requireWhole, voidedRanges } from "../../ports/index.ts";
import type { ConversationSnapshot } from "../../ports/index.ts";
import type { RedisContext } from "./redis-context.ts";
import { addEntries } from "./redis-entry.ts";
import { foreignStream, unavailable } from "./redis-error.ts";
import type { RedisIndex } from "./redis-index.ts";
import { scriptKeys } from "./redis-keys.ts";
import { wordsOf } from "./redis-scripts.ts";
import { RESTORE_SCRIPT } from "./restore-script.ts";

/** How many entries or records are sent at a time. */
const BATCH = 256;
/** How long what was laid out may wait for the next batch, in milliseconds: after a crash it goes by itself. */
const LAYOUT_TTL_MS = 60_000;

/**
 * Stores a conversation that comes from elsewhere, unless there is one of its id. A long log is too much for one script,
 * so it is laid out under keys of its own, batch by batch, and moved into its place in one step.
 */
export async function restoreConversation(
  context: RedisContext,
  index: RedisIndex,
  snapshot: ConversationSnapshot,
): Promise<boolean> {
  requireWhole(snapshot);
  const { clients, scripts, keyspace, retention, now } = context;
  const { id, agent, createdAt, runs, base, tip, inbox, entries, records } = snapshot;
  const keys = keyspace.of(id);
  // Cheaper than to lay it all out for nothing; the script is who decides.
  if (await clients.commands.exists(keys.conversation)) return false;
  const layout = await layOut(context, snapshot);
  const voided = voidedRanges(entries).map(({ from, reset }) => `${from} ${reset}`);
  const args = [
    agent,
    createdAt,
    now(),
    runs,
    attemptOf(tip),
    tip,
    base,
    Math.max(0, ...inbox.map((item) => item.itemId)),
    Math.min(retention.streamTtlMs, retention.historyTtlMs),
    retention.historyTtlMs,
    entries.length,
    records.length,
    voided.length,
    ...voided,
    ...inbox.flatMap((item) => [item.itemId, JSON.stringify(item)]),
  ].map(String);
  const reply = await scripts.run(RESTORE_SCRIPT, [...scriptKeys(keys), layout.stream, layout.history], args);
  const [outcome] = wordsOf(reply);
  switch (outcome) {
    case "restored":
      await index.touch(id);
      return true;
    case "exists":
      return false;
    case "foreign":
      throw foreignStream(keys.stream);
    case "lost":
      throw unavailable("Redis was too slow or lost keys while the conversation was restored.", undefined);
    case undefined:
    default:
      throw new Error(`The restore script answered ${outcome}.`);
  }
}

interface Layout {
  readonly stream: string;
  readonly history: string;
}

async function layOut(
  { clients, keyspace }: RedisContext,
  { id, entries, records }: ConversationSnapshot,
): Promise<Layout> {
  const { commands } = clients;
  // In the conversation's slot, and nobody else's.
  const own = `${keyspace.of(id).conversation}:restoring:${randomId()}`;
  const layout = { stream: `${own}:stream`, history: `${own}:history` };
  const keep = () => [layout.stream, layout.history].map((key) => commands.pexpire(key, LAYOUT_TTL_MS));
  const fields = entryFields(entries);
  for (let at = 0; at < entries.length; at += BATCH) {
    const batch = entries.slice(at, at + BATCH);
    const added = batch.map((event, offset) =>
      commands.xadd(layout.stream, cursorOf(event), ...(fields[at + offset] ?? [])),
    );
    await Promise.all([...added, ...keep()]);
  }
  for (let at = 0; at < records.length; at += BATCH) {
    const batch = records.slice(at, at + BATCH);
    const pairs = batch.flatMap((record) => [String(record.run), JSON.stringify(record)]);
    await Promise.all([commands.hset(layout.history, ...pairs), ...keep()]);
  }
  return layout;
}

/** The fields of each entry, the very ones that the append script gives it. */
function entryFields(events: readonly LogEvent[]): readonly (readonly string[])[] {
  const args: string[] = [];
  addEntries(args, events);
  let data = "";
  /** The number of the next text chunk: what the end of a run is numbered with. */
  let sequence = 0;
  return events.map((event, index) => {
    const [time = "", ownData = "", , text = ""] = args.slice(4 * index, 4 * index + 4);
    if (ownData !== "") data = ownData;
    const rest = ["timestamp", time, "data", data];
    if (event.type === "run-start") sequence = 0;
    if (event.type === "text-delta") {
      sequence = event.sequence + 1;
      return ["text", text, "sequence", String(event.sequence), ...rest];
    }
    if (!isRunEnd(event)) return rest;
    const error = text === "" ? [] : ["error", text];
    const end = ["text", "", "sequence", String(sequence), "timestamp", time, "done", "true"];
    sequence += 1;
    return [...end, ...error, "data", data];
  });
}
