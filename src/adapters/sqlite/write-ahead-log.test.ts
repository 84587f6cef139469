import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { START } from "../../core/index.ts";
import type { ConversationStore } from "../../ports/index.ts";
import { createSqliteStore } from "./sqlite-store.ts";
import { beginStream, temporaryDirectory } from "./sqlite-store.fixture.ts";

/** The real disk, which a test can make wait, or fail. */
const disk = vi.hoisted(() => ({
  syncs: 0,
  readerSyncs: 0,
  hold: undefined as Promise<void> | undefined,
  failure: null as Error | null,
}));

vi.mock("node:fs", async (importOriginal) => {
  const fs = await importOriginal<typeof import("node:fs")>();
  const fdatasync = (file: number, done: (error: Error | null) => void): void =>
    fs.fdatasync(file, (error) => {
      disk.syncs += 1;
      void Promise.resolve(disk.hold).then(() => done(disk.failure ?? error));
    });
  return { ...fs, fdatasync };
});

vi.mock("node:fs/promises", async (importOriginal) => {
  const fs = await importOriginal<typeof import("node:fs/promises")>();
  const open: typeof fs.open = async (...args) => {
    const file = await fs.open(...args);
    const datasync = file.datasync.bind(file);
    file.datasync = async () => {
      await datasync();
      disk.readerSyncs += 1;
    };
    return file;
  };
  return { ...fs, open };
});

beforeEach(() => {
  disk.hold = undefined;
  disk.failure = null;
});

test("nobody is told of what the disk has not taken: not who writes, who reads, or who follows", async () => {
  const store = await open();
  const stream = await beginStream(store);
  const [before, entry] = [await store.read(stream.id, START, 10), stream.next()];
  const told: string[] = [];
  const taken = Promise.withResolvers<void>();
  disk.hold = taken.promise;
  const { syncs } = disk;

  const following = store.follow(stream.id, START, { signal: AbortSignal.timeout(20_000) });
  const follower = following[Symbol.asyncIterator]();
  await follower.next();
  const append = store.append(stream.id, [entry]).then(() => told.push("append"));
  const followed = follower.next().then(() => told.push("follow"));
  await vi.waitFor(() => expect(disk.syncs).toBe(syncs + 1));
  const reads = [
    store.read(stream.id, START, 10).then((entries) => told.push(`read ${entries.length}`)),
    store.conversation(stream.id).then((found) => told.push(`conversation ${found?.tip}`)),
    store.list({ limit: 1 }).then(() => told.push("list")),
  ];
  await new Promise((resolve) => setImmediate(resolve));
  expect(told).toEqual([]);

  taken.resolve();
  await Promise.all([append, followed, ...reads]);
  expect(told.toSorted()).toEqual(
    ["append", `conversation 1-${entry.seq}`, "follow", "list", `read ${before.length + 1}`].toSorted(),
  );
  await follower.return?.();
  await store.close();
});

test("after a sync that failed nothing is told, by a clear error, until the store is opened anew", async () => {
  const directory = temporaryDirectory(onTestFinished);
  const store = await open(directory);
  const stream = await beginStream(store);
  const entry = stream.next();
  disk.failure = new Error("EIO: i/o error, fdatasync");
  const lost = { code: "store_unavailable", message: expect.stringContaining("restart the server") };
  await expect(store.append(stream.id, [entry])).rejects.toMatchObject(lost);
  disk.failure = null;
  await expect(store.append(stream.id, [entry])).rejects.toMatchObject(lost);
  await expect(store.read(stream.id, START, 10)).rejects.toMatchObject(lost);
  await expect(store.ping()).rejects.toMatchObject(lost);
  await store.close();

  const again = await open(directory);
  await again.append(stream.id, [entry]);
  expect((await again.conversation(stream.id))?.tip).toBe(`1-${entry.seq}`);
  await again.close();
});

test("every write waits for a sync of its own, or shares that of its group", async () => {
  const store = await open();
  const streams = await Promise.all([beginStream(store), beginStream(store), beginStream(store)]);
  const { syncs } = disk;
  await Promise.all(streams.map((stream) => store.append(stream.id, [stream.next()])));
  expect(disk.syncs).toBe(syncs + 1);
  for (const stream of streams) await store.append(stream.id, [stream.next()]);
  expect(disk.syncs).toBe(syncs + 1 + streams.length);
  await store.close();
});

test("a reader beside the writer syncs what it has seen before it tells it, once", async () => {
  const directory = temporaryDirectory(onTestFinished);
  const store = await open(directory);
  const reader = await createSqliteStore({ directory, readOnly: true });
  const stream = await beginStream(store);
  const known = (await reader.read(stream.id, START, 10)).length;
  const taken = Promise.withResolvers<void>();
  disk.hold = taken.promise;
  const append = store.append(stream.id, [stream.next()]);
  const syncs = disk.readerSyncs;
  await vi.waitFor(async () => expect(await reader.read(stream.id, START, 10)).toHaveLength(known + 1));
  expect(disk.readerSyncs).toBe(syncs + 1);
  await reader.read(stream.id, START, 10);
  expect(disk.readerSyncs).toBe(syncs + 1);
  taken.resolve();
  await append;
  await reader.close();
  await store.close();
});

test("a reader of a store that was closed finds no log to sync, and reads", async () => {
  const directory = temporaryDirectory(onTestFinished);
  const store = await open(directory);
  await beginStream(store);
  await store.close();
  const reader = await createSqliteStore({ directory, readOnly: true });
  expect((await reader.list({ limit: 1 })).conversations).toHaveLength(1);
  await reader.close();
});

function open(directory = temporaryDirectory(onTestFinished)): Promise<ConversationStore> {
  return createSqliteStore({ directory });
}
