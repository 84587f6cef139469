import { statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { cursorAt, START } from "../../core/index.ts";
import type { ConversationId, LogEvent } from "../../core/index.ts";
import { migrate, MIGRATIONS } from "./migrations.ts";
import { createSqliteStore } from "./sqlite-store.ts";
import { runRequest, temporaryDirectory } from "./sqlite-store.fixture.ts";
import { ROWS_OF_VERSION_TWO } from "./version-two.fixture.ts";

test("a new file is of the newest version", async () => {
  const directory = temporaryDirectory(onTestFinished);
  await (await createSqliteStore({ directory })).close();
  expect(versionOf(join(directory, "holdfast.db"))).toBe(MIGRATIONS.length);
});

test("only the steps that a file has not been through are run, once", () => {
  const database = new DatabaseSync(":memory:");
  const steps = ["CREATE TABLE a (x INTEGER)", "INSERT INTO a VALUES (2)", "INSERT INTO a VALUES (3)"];
  migrate(database, steps.slice(0, 2));
  migrate(database, steps);
  migrate(database, steps);
  expect(database.prepare("SELECT x FROM a").all()).toMatchObject([{ x: 2 }, { x: 3 }]);
});

test("a step that fails leaves the file as the one before left it", () => {
  const database = new DatabaseSync(":memory:");
  const steps = ["CREATE TABLE a (x INTEGER)", "INSERT INTO a VALUES (1); INSERT INTO nowhere VALUES (1)"];
  expect(() => migrate(database, steps)).toThrow("nowhere");
  expect(database.isTransaction).toBe(false);
  expect(database.prepare("SELECT count(*) AS n FROM a").get()).toMatchObject({ n: 0 });
  expect(database.prepare("PRAGMA user_version").get()).toMatchObject({ user_version: 1 });
});

test("a file of each version before is brought up to date with all that is in it", async () => {
  const directory = temporaryDirectory(onTestFinished);
  const path = join(directory, "holdfast.db");
  const old = new DatabaseSync(path);
  migrate(old, MIGRATIONS.slice(0, 1));
  old.exec(`
    INSERT INTO conversations
      (id, agent, created_at, updated_at, runs, attempt, tip, base, settled, next_item, waiting)
      VALUES ('one', 'Agent', 1, ${Date.now()}, 1, 1, '1-1', '0-0', '0-0', 2, 1);
    INSERT INTO entries VALUES (1, 1, 1, '${JSON.stringify(entry(1))}'), (1, 1, 0, '${JSON.stringify(entry(0))}');
  `);
  old.close();
  const store = await createSqliteStore({ directory });
  const id = "one" as ConversationId;
  expect(await store.read(id, START, 10)).toEqual([entry(0), entry(1)]);
  await store.append(id, [entry(2)]);
  expect((await store.conversation(id))?.tip).toBe("1-2");
  expect(await store.delete(id)).toBe(true);
  await store.close();
});

test("what version 2 wrote is read, written on, and removed", async () => {
  const directory = temporaryDirectory(onTestFinished);
  const path = join(directory, "holdfast.db");
  const old = new DatabaseSync(path);
  migrate(old, MIGRATIONS.slice(0, 2));
  old.exec(ROWS_OF_VERSION_TWO);
  const written = old.prepare("SELECT event FROM entries WHERE conversation = 2").all();
  old.close();
  const now = (): number => 1_790_000_001_000;
  const store = await createSqliteStore({ directory, now });
  const [ended, underWay] = ["ended", "under-way"] as ConversationId[];
  if (!ended || !underWay) throw new Error("There are two.");

  expect(await store.read(ended, START, 100)).toHaveLength(13);
  expect(await store.history(ended)).toMatchObject([{ run: 1, text: "Twice upon" }]);
  expect(await store.conversation(ended)).toMatchObject({
    tip: "2-6",
    settled: "2-6",
    voided: [{ reset: "2-1" }],
  });
  const posted = await store.post(ended, runRequest("again"), { idempotencyKey: "key" });
  expect(posted).toMatchObject({ run: 1, repeated: true });

  const events = written.map((row) => JSON.parse(String(row["event"])) as LogEvent);
  expect(await store.read(underWay, START, 100)).toEqual(events);
  const more = [5, 6, 7].map((seq) => ({ ...entry(seq), attempt: 2 }));
  await store.append(underWay, more);
  expect(await store.read(underWay, cursorAt(1, 4), 100)).toEqual([...events.slice(5), ...more]);
  expect(await store.read(underWay, cursorAt(2, 5), 1)).toEqual(more.slice(1, 2));
  expect(await store.conversation(underWay)).toMatchObject({ tip: "2-7", inbox: [{ kind: "cancel" }] });

  for (const id of [ended, underWay]) expect(await store.delete(id)).toBe(true);
  await store.close();
  expect(countOf(path, ["entries", "voided", "inbox", "records", "answers"])).toEqual([0, 0, 0, 0, 0]);
});

test("what version 4 had in its journal is in its place, but for what was there already or is nobody's", async () => {
  const directory = temporaryDirectory(onTestFinished);
  const old = new DatabaseSync(join(directory, "holdfast.db"));
  migrate(old, MIGRATIONS.slice(0, 4));
  const conversation = old.prepare(
    `INSERT INTO conversations
       (key, id, agent, created_at, updated_at, runs, attempt, tip, base, settled, next_item, waiting)
     VALUES (?, ?, 'Agent', 1, ${Date.now()}, 1, 1, ?, '0-0', ?, 2, 0)`,
  );
  conversation.run(1, "under-way", "1-0", "0-0");
  conversation.run(2, "ended", "1-1", "1-1");
  const filed = old.prepare("INSERT INTO entries VALUES (?, 1, ?, ?)");
  const journaled = old.prepare("INSERT INTO journal VALUES (NULL, ?, 1, ?, ?)");
  for (const seq of [0, 1]) filed.run(1, seq, JSON.stringify(entry(seq)));
  for (const seq of [1, 2]) journaled.run(1, seq, JSON.stringify(entry(seq)));
  journaled.run(2, 1, JSON.stringify(entry(1)));
  journaled.run(9, 1, JSON.stringify(entry(1)));
  journaled.run(1, 4, JSON.stringify([entry(3), 1, "x"]));
  old.close();

  const store = await createSqliteStore({ directory });
  const [underWay, ended] = ["under-way", "ended"] as ConversationId[];
  if (!ended || !underWay) throw new Error("There are two.");
  expect(await store.read(underWay, START, 10)).toEqual(
    [0, 1, 2, 3].map(entry).concat({ ...entry(4), at: 2 }),
  );
  expect(await store.read(ended, START, 10)).toEqual([]);
  await store.append(underWay, [entry(5)]);
  expect((await store.conversation(underWay))?.tip).toBe("1-5");
  await store.close();
});

test("a file that fills its limit is brought up to date, though that takes room for a while", async () => {
  const directory = temporaryDirectory(onTestFinished);
  const path = join(directory, "holdfast.db");
  const old = new DatabaseSync(path);
  old.exec("PRAGMA auto_vacuum = INCREMENTAL");
  migrate(old, MIGRATIONS.slice(0, 1));
  old.exec(`
    INSERT INTO conversations
      (id, agent, created_at, updated_at, runs, attempt, tip, base, settled, next_item, waiting)
      VALUES ('one', 'Agent', 1, ${Date.now()}, 1, 1, '1-999', '0-0', '0-0', 2, 1);
    WITH RECURSIVE seqs (seq) AS (SELECT 0 UNION ALL SELECT seq + 1 FROM seqs WHERE seq < 999)
      INSERT INTO entries SELECT 1, 1, seq, json_object('text', hex(zeroblob(500))) FROM seqs;
  `);
  old.close();
  const store = await createSqliteStore({ directory, maxFileBytes: statSync(path).size });
  expect((await store.conversation("one" as ConversationId))?.tip).toBe("1-999");
  await store.close();
});

test.each([false, true])("a file of a newer version is refused, read only: %s", async (readOnly) => {
  const directory = temporaryDirectory(onTestFinished);
  await (await createSqliteStore({ directory })).close();
  setVersion(join(directory, "holdfast.db"), 99);
  await expect(createSqliteStore({ directory, readOnly })).rejects.toMatchObject({
    code: "store_unavailable",
    retryable: false,
    message: expect.stringMatching(`version 99, .* up to ${MIGRATIONS.length}`),
  });
});

test("somebody who only reads refuses a file of an older version and leaves it alone", async () => {
  const directory = temporaryDirectory(onTestFinished);
  await (await createSqliteStore({ directory })).close();
  const path = join(directory, "holdfast.db");
  setVersion(path, 0);
  await expect(createSqliteStore({ directory, readOnly: true })).rejects.toThrow("version 0");
  expect(versionOf(path)).toBe(0);
});

function entry(seq: number): LogEvent {
  const place = { v: 1, attempt: 1, seq, at: 1, run: 1 } as const;
  return { ...place, type: "text-delta", step: 1, id: "t", delta: "x", sequence: seq };
}

function versionOf(path: string): unknown {
  const database = new DatabaseSync(path);
  const version = database.prepare("PRAGMA user_version").get()?.["user_version"];
  database.close();
  return version;
}

function countOf(path: string, tables: readonly string[]): number[] {
  const database = new DatabaseSync(path);
  const counts = tables.map((table) => database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.["n"]);
  database.close();
  return counts.map(Number);
}

function setVersion(path: string, version: number): void {
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA user_version = ${version}`);
  database.close();
}
