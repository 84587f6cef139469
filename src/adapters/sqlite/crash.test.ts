import { expect, onTestFinished, test } from "vitest";
import { comesNext, compareCursors, cursorOf, parseCursor, START } from "../../core/index.ts";
import type { ConversationId, Cursor } from "../../core/index.ts";
import { createSqliteStore } from "./sqlite-store.ts";
import { startChild, temporaryDirectory } from "./sqlite-store.fixture.ts";

const ROUNDS = 6;
const IDS = ["a", "b", "c", "d"] as ConversationId[];

test("what was acknowledged before a SIGKILL is there afterwards, and the log has no hole", async () => {
  const seed = Number(process.env["HOLDFAST_SEED"] ?? Date.now() % 1_000_000);
  console.log(`crash test: HOLDFAST_SEED=${seed}`);
  const random = randomFrom(seed);
  const directory = temporaryDirectory(onTestFinished);
  for (let round = 1; round <= ROUNDS; round++) {
    const acknowledged = await appendUntilKilled(directory, 1 + Math.floor(random() * 400));
    const store = await createSqliteStore({ directory });
    for (const id of IDS) {
      const tip = (await store.conversation(id))?.tip ?? START;
      const last = acknowledged.get(id);
      if (last) expect([id, tip, compareCursors(tip, last) >= 0]).toEqual([id, tip, true]);
      let reached = START;
      for (const event of await store.read(id, START, 1_000_000)) {
        expect([cursorOf(event), comesNext(event, reached)]).toEqual([cursorOf(event), true]);
        reached = cursorOf(event);
      }
      expect(reached).toBe(tip);
    }
    await store.close();
  }
});

/** Appends to all conversations at once in a process that is killed after some acknowledgements; gives the newest. */
async function appendUntilKilled(directory: string, lines: number): Promise<Map<string, Cursor>> {
  const child = startChild(directory, APPEND, onTestFinished);
  const acknowledged = new Map<string, Cursor>();
  let seen = 0;
  for await (const line of child.lines) {
    if (seen >= lines) await child.kill();
    // The last line may have been cut short.
    const match = /^(\w) (\d+-\d+)$/.exec(line);
    if (match?.[1] === undefined || match[2] === undefined) continue;
    seen += 1;
    const cursor = parseCursor(match[2]);
    const before = acknowledged.get(match[1]) ?? START;
    if (compareCursors(cursor, before) > 0) acknowledged.set(match[1], cursor);
  }
  return acknowledged;
}

const APPEND = `
  const store = await createSqliteStore({ directory });
  await Promise.all(${JSON.stringify(IDS)}.map(async (id) => {
    await store.post(id, { kind: "run", id: "r", agent: "A", input: "", options: {} });
    const { attempt } = await store.acquire(id, { worker: "child", run: 1 });
    for (let seq = 0; ; ) {
      const size = 1 + (seq % 3);
      await store.append(id, Array.from({ length: size }, () => ({
        v: 1, type: "text-delta", attempt, seq: ++seq, at: 1, run: 1, step: 1, id: "t", delta: "x".repeat(seq % 500), sequence: 0,
      })));
      process.stdout.write(id + " " + attempt + "-" + seq + "\\n");
    }
  }));
`;

/** Mulberry32. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
