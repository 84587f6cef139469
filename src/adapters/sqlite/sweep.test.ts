import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { comesNext, START } from "../../core/index.ts";
import { eventually } from "../../testing/index.ts";
import { createSqliteStore } from "./sqlite-store.ts";
import { beginStream, endStream, runRequest, temporaryDirectory } from "./sqlite-store.fixture.ts";

const OFTEN = { sweepIntervalMs: 5 };

test("expired entries leave the file, and the file gives their space back", async () => {
  const directory = temporaryDirectory(onTestFinished);
  const store = await createSqliteStore({ directory, streamTtlMs: 50, ...OFTEN });
  const stream = await beginStream(store);
  for (let batch = 0; batch < 20; batch++) {
    await store.append(
      stream.id,
      Array.from({ length: 100 }, () => stream.next(2000)),
    );
  }
  await endStream(store, stream);
  const file = new DatabaseSync(join(directory, "holdfast.db"), { readOnly: true });
  await eventually("the entries are dropped", () => count(file, "SELECT count(*) FROM entries") === 0);
  await eventually("the space is given back", () => count(file, "PRAGMA page_count") < 300);
  expect(await store.conversation(stream.id)).toMatchObject({ base: "1-2001", tip: "1-2001" });
  expect(await store.history(stream.id)).toHaveLength(1);
  file.close();
  await store.close();
});

test("what a run that waits has said leaves the journal, and can be read all the same", async () => {
  const directory = temporaryDirectory(onTestFinished);
  const store = await createSqliteStore({ directory, ...OFTEN });
  const stream = await beginStream(store);
  for (let n = 0; n < 20; n++) await store.append(stream.id, [stream.next()]);
  const file = new DatabaseSync(join(directory, "holdfast.db"), { readOnly: true });
  const rows = (table: string) => count(file, `SELECT count(*) FROM ${table}`);
  // The newest stays, so that its place is not given again.
  await eventually("the journal is cut", () => rows("journal") === 1 && rows("entries") > 0);
  expect((await store.conversation(stream.id))?.tip).toBe("1-20");
  expect(await store.read(stream.id, START, 100)).toHaveLength(21);
  await store.append(stream.id, [stream.next()]);
  expect((await store.read(stream.id, START, 100)).map((event) => event.seq).at(-1)).toBe(21);
  file.close();
  await store.close();
});

test("a sweep that is stopped midway leaves a log that begins at its base", async () => {
  const directory = temporaryDirectory(onTestFinished);
  let now = 1000;
  const clock = { directory, now: () => now };
  const store = await createSqliteStore({ ...clock, streamTtlMs: 50, ...OFTEN });
  const stream = await beginStream(store);
  // Two by two, so that there are many rows.
  const appends = Array.from({ length: 2500 }, () => store.append(stream.id, [stream.next(), stream.next()]));
  await Promise.all(appends);
  await endStream(store, stream);
  const file = new DatabaseSync(join(directory, "holdfast.db"), { readOnly: true });
  now += 50;
  const rows = () => count(file, "SELECT count(*) FROM entries");
  const all = rows();
  await eachTurnUntil("the sweep is under way", () => rows() < all);
  await store.close();
  const left = rows();
  file.close();
  expect(left).toBeGreaterThan(0);

  // Restarted with a longer time to live: what is left is readable again.
  const again = await createSqliteStore(clock);
  const { base } = (await again.conversation(stream.id))!;
  const kept = await again.read(stream.id, START, 10_000);
  expect(kept.length).toBeGreaterThanOrEqual(left);
  expect(kept.length).toBeLessThan(5002);
  expect(comesNext(kept[0]!, base)).toBe(true);
  expect(await again.read(stream.id, base, 10_000)).toEqual(kept);
  await again.close();
});

test("forgotten conversations leave the file with everything that hung on them", async () => {
  const directory = temporaryDirectory(onTestFinished);
  const store = await createSqliteStore({ directory, streamTtlMs: 20, historyTtlMs: 40, ...OFTEN });
  const live = await beginStream(store);
  for (let n = 0; n < 40; n++) {
    const stream = await beginStream(store);
    await store.post(stream.id, { kind: "cancel", upTo: 1 }, { idempotencyKey: "key" });
    await endStream(store, stream);
  }
  const file = new DatabaseSync(join(directory, "holdfast.db"), { readOnly: true });
  const left = (table: string) => count(file, `SELECT count(*) FROM ${table}`);
  await eventually("they are gone", () => left("conversations") === 1);
  expect(file.prepare("PRAGMA foreign_key_check").all()).toEqual([]);
  expect(["entries", "inbox", "records", "answers"].map(left)).toEqual([1, 1, 0, 0]);
  expect((await store.conversation(live.id))?.tip).toBe("1-0");
  file.close();
  await store.close();
});

test("a forgotten conversation is not there even before it is swept, and begins anew", async () => {
  let now = 1000;
  const directory = temporaryDirectory(onTestFinished);
  const store = await createSqliteStore({ directory, streamTtlMs: 10, historyTtlMs: 20, now: () => now });
  const stream = await beginStream(store);
  await endStream(store, stream);
  now += 20;
  expect(await store.conversation(stream.id)).toBeUndefined();
  expect((await store.list({ limit: 10 })).conversations).toEqual([]);
  const posted = await store.post(stream.id, { ...runRequest("two"), agent: "Another" });
  expect(posted.run).toBe(1);
  expect(await store.conversation(stream.id)).toMatchObject({ attempt: 0, tip: START, agent: "Another" });
  expect(await store.history(stream.id)).toEqual([]);
  await store.close();
});

async function eachTurnUntil(what: string, condition: () => boolean): Promise<void> {
  for (let turn = 0; !condition(); turn++) {
    if (turn > 1_000_000) throw new Error(`Waited in vain: ${what}.`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function count(file: DatabaseSync, statement: string): number {
  return Number(Object.values(file.prepare(statement).get() ?? {})[0]);
}
