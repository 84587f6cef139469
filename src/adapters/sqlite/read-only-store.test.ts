import { expect, onTestFinished, test } from "vitest";
import { START } from "../../core/index.ts";
import type { LogEvent } from "../../core/index.ts";
import { createSqliteStore } from "./sqlite-store.ts";
import { beginStream, runRequest, startChild, temporaryDirectory } from "./sqlite-store.fixture.ts";

test("a reader beside a live writer sees what is stored, as it is stored", async () => {
  const { writer, reader } = await openBoth();
  const stream = await beginStream(writer);
  await writer.append(stream.id, [stream.next(), stream.next()]);
  // When it was last touched comes into the file later than what touched it.
  const updatedAt: unknown = expect.any(Number);
  expect(await reader.conversation(stream.id)).toEqual({
    ...(await writer.conversation(stream.id)),
    updatedAt,
  });
  expect(await reader.read(stream.id, START, 10)).toEqual(await writer.read(stream.id, START, 10));
  expect((await reader.list({ limit: 10 })).conversations).toHaveLength(1);
  await reader.ping();
});

test("a reader follows what another process writes, to its deletion", async () => {
  const { writer, reader } = await openBoth();
  const stream = await beginStream(writer);
  const seen: LogEvent[] = [];
  const following = (async () => {
    for await (const batch of reader.follow(stream.id, START, { signal: AbortSignal.timeout(20_000) })) {
      seen.push(...batch);
      if (seen.length < 10) await writer.append(stream.id, [stream.next(), stream.next(), stream.next()]);
      else await writer.delete(stream.id);
    }
  })();
  await expect(following).rejects.toMatchObject({ code: "conversation_not_found" });
  expect(seen.map((event) => event.seq)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test("a reader's writes are refused, and say where to send them", async () => {
  const { writer, reader } = await openBoth();
  const stream = await beginStream(writer);
  const refused = { code: "store_unavailable", retryable: false };
  await expect(reader.post(stream.id, runRequest("two"))).rejects.toMatchObject(refused);
  await expect(reader.acquire(stream.id, { worker: "w", run: 1 })).rejects.toMatchObject(refused);
  await expect(reader.append(stream.id, [stream.next()])).rejects.toMatchObject(refused);
  await expect(reader.delete(stream.id)).rejects.toMatchObject(refused);
});

test("a reader opens what a killed writer left behind", async () => {
  const directory = temporaryDirectory(onTestFinished);
  const child = startChild(directory, POST_ONE, onTestFinished);
  for await (const line of child.lines) if (line === "posted") break;
  await child.kill();
  const reader = await createSqliteStore({ directory, readOnly: true });
  expect((await reader.list({ limit: 10 })).conversations).toMatchObject([{ id: "killed", runs: 1 }]);
  await reader.close();
});

test("there is nothing to read where no store was made", async () => {
  const directory = temporaryDirectory(onTestFinished);
  await expect(createSqliteStore({ directory, readOnly: true })).rejects.toThrow("There is no store in");
});

const POST_ONE = `
  const store = await createSqliteStore({ directory });
  await store.post("killed", { kind: "run", id: "r", agent: "A", input: "", options: {} });
  console.log("posted");
  setInterval(() => {}, 1000);
`;

async function openBoth() {
  const directory = temporaryDirectory(onTestFinished);
  const writer = await createSqliteStore({ directory });
  const reader = await createSqliteStore({ directory, readOnly: true });
  onTestFinished(async () => {
    await reader.close();
    await writer.close();
  });
  return { writer, reader };
}
