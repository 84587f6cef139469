import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { compareCursors, cursorAt, cursorOf, START } from "../../core/index.ts";
import type { Cursor, LogEvent } from "../../core/index.ts";
import { seededRandom } from "../../../test/support/seeded-random.ts";
import { createLogTable, serialize } from "./log-table.ts";
import type { LogTable } from "./log-table.ts";
import { migrate } from "./migrations.ts";

const SEED = Math.floor(Math.random() * 2 ** 32);
const KEY = 1;
const LIMITS = [0, 1, 2, 63, 64, 65, 100, 1000, 1_000_000];

test(`a read begins after any cursor and ends after any number of entries, wherever rows begin and end (seed ${SEED})`, () => {
  const random = seededRandom(SEED);
  const { log } = open();
  const all: LogEvent[] = [];
  for (let attempt = 1; attempt <= 4; attempt++) {
    for (let seq = 0, appends = random.between(1, 6); appends > 0; appends--) {
      const size = random.chance(0.5) ? 1 : random.between(2, 200);
      const events = Array.from({ length: size }, () => chunk(attempt, seq++));
      log.write(KEY, serialize(events));
      all.push(...events);
    }
  }
  for (const after of [START, cursorAt(2, 5000), ...all.map(cursorOf)]) {
    const limit = random.pick(LIMITS);
    expect([after, limit, log.read(KEY, after, limit)]).toEqual([after, limit, slice(all, after, limit)]);
  }
});

test("what a newer version wrote is passed over, and a page is full all the same", () => {
  const { log, insert } = open();
  const known = [chunk(1, 0), chunk(1, 151), chunk(1, 152), chunk(2, 0)];
  log.write(KEY, serialize(known.slice(0, 1)));
  for (let seq = 1; seq <= 150; seq++) insert.run(KEY, 1, seq, '{"v":2}');
  log.write(KEY, serialize(known.slice(1, 3)));
  insert.run(KEY, 1, 155, '[{"v":2},{"v":2},{"v":2}]');
  log.write(KEY, serialize(known.slice(3)));
  for (const limit of [1, 2, 3, 4, 5]) expect(log.read(KEY, START, limit)).toEqual(known.slice(0, limit));
  expect(log.read(KEY, cursorAt(1, 152), 1)).toEqual(known.slice(3));
});

test("a row that reaches beyond what was passed over is read from its first entry", () => {
  const { log, insert } = open();
  const group = Array.from({ length: 64 }, (_, index) => chunk(1, 151 + index));
  for (let seq = 0; seq <= 150; seq++) insert.run(KEY, 1, seq, '{"v":2}');
  log.write(KEY, serialize(group));
  for (let limit = 1; limit <= 64; limit++)
    expect(log.read(KEY, START, limit)).toEqual(group.slice(0, limit));
});

function chunk(attempt: number, seq: number): LogEvent {
  const place = { v: 1, attempt, seq, at: 7 * seq, run: 1 } as const;
  return { ...place, type: "text-delta", step: 1, id: "t", delta: `chunk ${seq}`, sequence: seq };
}

function slice(all: readonly LogEvent[], after: Cursor, limit: number): readonly LogEvent[] {
  return all.filter((event) => compareCursors(cursorOf(event), after) > 0).slice(0, limit);
}

function open(): { readonly log: LogTable; readonly insert: ReturnType<DatabaseSync["prepare"]> } {
  const database = new DatabaseSync(":memory:", { enableForeignKeyConstraints: false });
  onTestFinished(() => database.close());
  migrate(database);
  return {
    log: createLogTable(database, { of: () => [], endOf: () => undefined }),
    insert: database.prepare("INSERT INTO entries VALUES (?, ?, ?, ?)"),
  };
}
