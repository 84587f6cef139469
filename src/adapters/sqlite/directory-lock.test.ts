import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createSqliteStore } from "./sqlite-store.ts";
import { startChild, temporaryDirectory } from "./sqlite-store.fixture.ts";
import type { Child } from "./sqlite-store.fixture.ts";

test("a second store of the same process is refused, and the message says what to do", async () => {
  const directory = temporaryDirectory(onTestFinished);
  const store = await createSqliteStore({ directory });
  const refusal = await createSqliteStore({ directory }).catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code: "store_locked", retryable: false, details: { pid: process.pid } });
  expect(refusal).toMatchObject({
    message: expect.stringContaining(`${directory} is in use by this process`),
  });
  expect(refusal).toMatchObject({
    message: expect.stringMatching(/Stop that one.*HOLDFAST_DATA_DIR.*Redis/),
  });
  await store.close();
});

test("a refused open in the same process does not let another process in", async () => {
  const directory = temporaryDirectory(onTestFinished);
  const store = await createSqliteStore({ directory });
  await expect(createSqliteStore({ directory })).rejects.toMatchObject({ code: "store_locked" });
  const reader = await createSqliteStore({ directory, readOnly: true });
  await reader.close();
  const child = startChild(directory, OPEN, onTestFinished);
  expect(await firstLine(child)).toContain(
    `store_locked The directory ${directory} is in use by process ${process.pid}`,
  );
  await store.close();
});

test("the death of the holder by SIGKILL frees the directory at once", async () => {
  const directory = temporaryDirectory(onTestFinished);
  const child = startChild(directory, OPEN, onTestFinished);
  expect(await firstLine(child)).toBe("open");
  await expect(createSqliteStore({ directory })).rejects.toMatchObject({
    code: "store_locked",
    details: { directory, pid: child.pid },
  });
  await child.kill();
  const store = await createSqliteStore({ directory });
  await store.ping();
  await store.close();
});

test("closing frees the directory and leaves no pid behind", async () => {
  const directory = temporaryDirectory(onTestFinished);
  for (let round = 0; round < 3; round++) {
    const store = await createSqliteStore({ directory });
    await store.close();
    expect(existsSync(join(directory, "holdfast.pid"))).toBe(false);
  }
});

test("an open that fails frees the directory", async () => {
  const directory = temporaryDirectory(onTestFinished);
  await expect(createSqliteStore({ directory, maxFileBytes: 1 })).rejects.toMatchObject({
    code: "store_unavailable",
  });
  const store = await createSqliteStore({ directory });
  await store.close();
});

test("of several processes that start at the same moment one gets the directory", async () => {
  const directory = temporaryDirectory(onTestFinished);
  const children = Array.from({ length: 4 }, () => startChild(directory, OPEN, onTestFinished));
  const lines = await Promise.all(children.map(firstLine));
  expect(lines.filter((line) => line === "open")).toHaveLength(1);
  expect(lines.filter((line) => line?.startsWith("store_locked"))).toHaveLength(3);
});

const OPEN = `
  await createSqliteStore({ directory }).then(
    () => console.log("open"),
    (error) => console.log(error.code, error.message),
  );
  setInterval(() => {}, 1000);
`;

async function firstLine(child: Child): Promise<string | undefined> {
  for await (const line of child.lines) return line;
  return undefined;
}
