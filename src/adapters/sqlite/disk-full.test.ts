import { expect, onTestFinished, test } from "vitest";
import { START } from "../../core/index.ts";
import { createSqliteStore } from "./sqlite-store.ts";
import { beginStream, temporaryDirectory } from "./sqlite-store.fixture.ts";

const LIMIT_BYTES = 1024 * 1024;

test("a full store refuses to write, still reads, and writes again once there is space", async () => {
  const directory = temporaryDirectory(onTestFinished);
  const store = await createSqliteStore({ directory, maxFileBytes: LIMIT_BYTES });
  const [ballast, ...streams] = await Promise.all(Array.from({ length: 5 }, () => beginStream(store)));
  await store.append(ballast!.id, [ballast!.next(LIMIT_BYTES / 2)]);

  const pending = streams.map((stream) => stream.next(1000));
  const acknowledged = streams.map(() => 1);
  let refusals: unknown[] = [];
  while (refusals.length === 0) {
    const results = await Promise.allSettled(
      streams.map(({ id }, index) => store.append(id, [pending[index]!])),
    );
    refusals = results.flatMap((result) => (result.status === "rejected" ? [result.reason] : []));
    for (const [index, result] of results.entries()) {
      if (result.status === "rejected") continue;
      acknowledged[index]! += 1;
      pending[index] = streams[index]!.next(1000);
    }
  }
  // All of the group or none of it.
  expect(refusals).toHaveLength(streams.length);
  for (const refusal of refusals)
    expect(refusal).toMatchObject({ code: "store_unavailable", retryable: true });
  for (const [index, { id }] of streams.entries()) {
    expect(await store.read(id, START, 10_000)).toHaveLength(acknowledged[index]!);
  }

  expect(await store.delete(ballast!.id)).toBe(true);
  await Promise.all(streams.map(({ id }, index) => store.append(id, [pending[index]!])));
  await store.ping();
  await store.close();

  const again = await createSqliteStore({ directory });
  for (const [index, { id }] of streams.entries()) {
    expect(await again.read(id, START, 10_000)).toHaveLength(acknowledged[index]! + 1);
  }
  await again.close();
});
