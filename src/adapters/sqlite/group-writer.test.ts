import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { AgentError } from "../../core/index.ts";
import { createGroupWriter, MAX_GROUP_MS, MAX_WAITING_WRITES } from "./group-writer.ts";
import type { GroupWriter, GroupWriterOptions, Plan } from "./group-writer.ts";

describe("writes of one turn", () => {
  test("share a transaction: when one is told, all are there", async () => {
    const { writer, insert, count } = open();
    const seen: number[] = [];
    await Promise.all(
      [1, 2, 3].map((n) => writer.write(() => ({ ...insert(n), committed: () => seen.push(count()) }))),
    );
    expect(seen).toEqual([3, 3, 3]);
  });

  test("see the ones before them", async () => {
    const { writer, insert, count } = open();
    const counts = await Promise.all(
      [1, 2, 3].map((n) => writer.write(() => ({ ...insert(n), value: count() }))),
    );
    expect(counts).toEqual([0, 1, 2]);
  });

  test("go on when one of them refuses", async () => {
    const { writer, insert, count } = open();
    const results = await outcomes(writer, [() => insert(1), refuse, () => insert(2)]);
    expect(results).toEqual(["done", "queue_full", "done"]);
    expect(count()).toBe(2);
  });

  test("are all undone and done again without the one that fails midway", async () => {
    const { writer, insert, count } = open();
    const twice = (): Plan<void> => ({
      value: undefined,
      apply() {
        insert(7).apply?.();
        insert(1).apply?.(); // there already
      },
    });
    const results = await outcomes(writer, [() => insert(1), twice, () => insert(2)]);
    expect(results).toEqual(["done", "internal_error", "done"]);
    expect(count()).toBe(2);
  });

  test("are all rejected, and none is there, when the disk is full", async () => {
    const { database, writer, insert, count } = open();
    database.exec("PRAGMA max_page_count = 4");
    const results = await outcomes(writer, [() => insert(1), () => insert(2, 100_000), () => insert(3)]);
    expect(results).toEqual(["store_unavailable", "store_unavailable", "store_unavailable"]);
    expect(count()).toBe(0);
    database.exec("PRAGMA max_page_count = 1000");
    expect(await outcomes(writer, [() => insert(1), () => insert(2, 100_000)])).toEqual(["done", "done"]);
  });

  test("are committed in bounded groups, letting others have a turn in between", async () => {
    let elapsed = 0;
    // A clock by which each write takes a millisecond.
    const { writer, insert, count } = open({ clock: () => elapsed++ });
    const seen = new Set<number>();
    const turns: number[] = [];
    const writes = Array.from({ length: MAX_GROUP_MS * 2 }, (_, n) =>
      writer.write(() => ({ ...insert(n), committed: () => seen.add(count()) })),
    );
    setImmediate(() => turns.push(count()));
    await Promise.all(writes);
    expect([...seen]).toEqual([MAX_GROUP_MS, MAX_GROUP_MS * 2]);
    expect(turns).toEqual([MAX_GROUP_MS]);
  });

  test("are forgotten by whoever remembers rows when they are undone", async () => {
    const told: string[] = [];
    const memory = {
      committing: () => told.push("committing"),
      committed: () => told.push("committed"),
      rolledBack: () => told.push("rolled back"),
    };
    const { writer, insert } = open({ memory });
    const results = await outcomes(writer, [() => insert(1), () => insert(1), () => insert(2)]);
    expect(results).toEqual(["done", "internal_error", "done"]);
    expect(told).toEqual(["rolled back", "committing", "committed"]);
  });

  test("are refused past a limit, and taken again afterwards", async () => {
    const { writer } = open();
    const writes = Array.from({ length: MAX_WAITING_WRITES }, () => writer.write(nothing));
    await expect(writer.write(nothing)).rejects.toMatchObject({ code: "store_unavailable", retryable: true });
    await Promise.all(writes);
    await writer.write(nothing);
  });

  test("are committed on closing, and refused from then on", async () => {
    const { writer, insert, count } = open();
    const write = writer.write(() => insert(1));
    writer.close();
    expect(count()).toBe(1);
    await write;
    await expect(writer.write(() => insert(2))).rejects.toMatchObject({ code: "shutting_down" });
  });
});

function open(options: GroupWriterOptions = {}) {
  const database = new DatabaseSync(":memory:");
  database.exec("CREATE TABLE numbers (n INTEGER PRIMARY KEY, filler TEXT NOT NULL) STRICT");
  const add = database.prepare("INSERT INTO numbers VALUES (?, ?)");
  const all = database.prepare("SELECT count(*) AS n FROM numbers");
  return {
    database,
    writer: createGroupWriter(database, options),
    insert: (n: number, size = 1): Plan<void> => ({
      value: undefined,
      apply: () => void add.run(n, "x".repeat(size)),
    }),
    count: () => Number(all.get()?.["n"]),
  };
}

function nothing(): Plan<void> {
  return { value: undefined };
}

function refuse(): never {
  throw new AgentError("queue_full", "Enough.");
}

async function outcomes(writer: GroupWriter, plans: readonly (() => Plan<void>)[]): Promise<string[]> {
  const results = await Promise.allSettled(plans.map((plan) => writer.write(plan)));
  return results.map((result) =>
    result.status === "fulfilled" ? "done" : AgentError.from(result.reason).code,
  );
}
