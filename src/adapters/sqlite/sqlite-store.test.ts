import { statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { comesNext, cursorOf, randomConversationId, START } from "../../core/index.ts";
import type { LogEvent } from "../../core/index.ts";
import { STORE_LAWS } from "../../testing/index.ts";
import { createSqliteStore } from "./sqlite-store.ts";
import { beginStream, endStream, runRequest, temporaryDirectory } from "./sqlite-store.fixture.ts";

describe("the SQLite store keeps the law", () => {
  test.each(STORE_LAWS)("$id: $says", async (law) => {
    await law.check(async (options) => {
      const directory = temporaryDirectory(onTestFinished);
      const open = () => createSqliteStore({ directory, ...options });
      const store = await open();
      // No openBeside: one process a file.
      return { store, reopen: open, close: () => store.close() };
    });
  });
});

describe("the SQLite store", () => {
  test("lands 500 concurrent appends over 100 conversations, and a fenced one among them fails alone", async () => {
    const store = await createSqliteStore({ directory: temporaryDirectory(onTestFinished) });
    const streams = await Promise.all(Array.from({ length: 100 }, () => beginStream(store)));
    const zombie = await beginStream(store);
    await store.acquire(zombie.id, { worker: "other", run: 1 });
    const targets = Array.from({ length: 5 }, () => streams).flat();
    targets.splice(250, 0, zombie);
    const results = await Promise.allSettled(
      targets.map((stream) => store.append(stream.id, [stream.next(), stream.next()])),
    );
    const refusals = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
    expect(refusals).toMatchObject([{ code: "fenced" }]);
    for (const { id } of streams) {
      const entries = await store.read(id, START, 100);
      expect(entries).toHaveLength(11);
      entries.reduce((before, event) => {
        expect(comesNext(event, before)).toBe(true);
        return cursorOf(event);
      }, START);
    }
    await store.close();
  });

  test("keeps what it is handed before it is closed, and refuses what comes after", async () => {
    const directory = temporaryDirectory(onTestFinished);
    const store = await createSqliteStore({ directory });
    const stream = await beginStream(store);
    const last = store.append(stream.id, [stream.next()]);
    await store.close();
    await store.close();
    await last;
    await expect(store.post(stream.id, runRequest("late"))).rejects.toMatchObject({ code: "shutting_down" });
    await expect(store.conversation(stream.id)).rejects.toMatchObject({ code: "shutting_down" });
    const again = await createSqliteStore({ directory });
    expect((await again.conversation(stream.id))?.tip).toBe("1-1");
    await again.close();
  });

  test("keeps its files from other users", async () => {
    const directory = join(temporaryDirectory(onTestFinished), "deep", "data");
    const store = await createSqliteStore({ directory });
    await store.ping();
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    for (const file of [
      "holdfast.db",
      "holdfast.db-wal",
      "holdfast.db-shm",
      "holdfast.lock",
      "holdfast.pid",
    ]) {
      expect([file, statSync(join(directory, file)).mode & 0o777]).toEqual([file, 0o600]);
    }
    expect(store.description).toBe(`SQLite, ${directory}/holdfast.db`);
    await store.close();
  });

  test("refuses an append that is no JSON without harm to its neighbours", async () => {
    const store = await createSqliteStore({ directory: temporaryDirectory(onTestFinished) });
    const [good, bad] = [await beginStream(store), await beginStream(store)];
    const circular: Record<string, never> = {};
    Object.assign(circular, { self: circular });
    const { v, attempt, seq, at, run } = bad.next();
    const data: LogEvent = { v, attempt, seq, at, run, step: 1, type: "data", name: "n", value: circular };
    const results = await Promise.allSettled([
      store.append(bad.id, [data]),
      store.append(good.id, [good.next()]),
    ]);
    expect(results.map((result) => result.status)).toEqual(["rejected", "fulfilled"]);
    expect((await store.conversation(bad.id))?.tip).toBe("1-0");
    await store.close();
  });

  test("lists every conversation once, also those touched in the same millisecond", async () => {
    const store = await createSqliteStore({ directory: temporaryDirectory(onTestFinished), now: () => 1000 });
    const ids = Array.from({ length: 7 }, () => randomConversationId());
    await Promise.all(ids.map((id) => store.post(id, runRequest("one"))));
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const page = await store.list({ limit: 3, ...(after === undefined ? {} : { after }) });
      seen.push(...page.conversations.map(({ id }) => id));
      after = page.next;
    } while (after !== undefined);
    expect(seen).toEqual(ids.toSorted());
    await expect(store.list({ limit: 3, after: "nonsense" })).rejects.toMatchObject({
      code: "invalid_request",
    });
    await store.close();
  });

  test("finds every unfinished conversation, however many there are", async () => {
    const store = await createSqliteStore({ directory: temporaryDirectory(onTestFinished), now: () => 1000 });
    const ids = Array.from({ length: 250 }, () => randomConversationId());
    await Promise.all(ids.map((id) => store.post(id, runRequest("one"))));
    await endStream(store, await beginStream(store));
    const seen: string[] = [];
    for await (const { id } of store.unfinished(0)) seen.push(id);
    expect(seen).toEqual(ids.toSorted());
    await store.close();
  });

  test("says what is wrong with a directory that it cannot use", async () => {
    await expect(createSqliteStore({ directory: "/dev/null/data" })).rejects.toMatchObject({
      code: "store_unavailable",
      message: "The store's directory cannot be used: ENOTDIR.",
    });
  });
});
