import { DatabaseSync } from "node:sqlite";
import { describe, expect, onTestFinished, test } from "vitest";
import { compareCursors, cursorAt, cursorOf, START } from "../../core/index.ts";
import type { ConversationId, Cursor, LogEvent } from "../../core/index.ts";
import { seededRandom } from "../../../test/support/seeded-random.ts";
import { createConversationTable } from "./conversation-table.ts";
import { CHARACTERS_A_CUT, openJournal } from "./journal.ts";
import type { Journal } from "./journal.ts";
import { createJournaledLog, JOURNAL_LIMITS } from "./journaled-log.ts";
import type { Appendable, JournaledLog, JournalLimits } from "./journaled-log.ts";
import { createLogTable, serialize } from "./log-table.ts";
import { migrate } from "./migrations.ts";
import { createRecentEntriesView } from "./recent-entries.ts";

const SEED = Math.floor(Math.random() * 2 ** 32);
const SMALL: JournalLimits = { entriesAConversation: 5, characters: 3000, charactersFiledAtOnce: 600 };

describe("a log whose newest rows lie in a journal", () => {
  test(`is what was appended, to who writes, who reads beside it, and who opens it next (seed ${SEED})`, () => {
    const random = seededRandom(SEED);
    for (let round = 0; round < 30; round++) {
      const bench = openBench(SMALL);
      for (let step = 0; step < 150; step++) {
        const key = random.between(1, 6);
        const size = random.chance(0.7) ? 1 : random.between(2, 40);
        const fails = random.chance(0.1);
        const before = bench.all(key);
        if (random.chance(0.05))
          bench.transact(fails, () => bench.log.tidy(random.between(1, bench.log.journalEnd)));
        else bench.transact(fails, () => bench.append(key, size, random.chance(0.03)));
        if (fails) expect(bench.all(key)).toEqual(before);
        if (random.chance(0.02)) bench.reopen();
        if (random.chance(0.2)) bench.check(random.between(1, 6), random.between(0, 60));
      }
      bench.checkAll();
      bench.reopen();
      bench.checkAll();
    }
  });

  test("is filed when its run ends, gathered into one row where that is not too long", () => {
    const { log, append, transact, count } = openBench();
    for (let n = 0; n < 50; n++) transact(false, () => append(1, 1, false));
    expect(count("entries")).toBe(0);
    transact(false, () => append(1, 1, true));
    expect(count("entries")).toBe(1);
    transact(false, () => log.tidy(log.journalEnd));
    expect(count("journal")).toBe(1);
  });

  test("is filed when it has many rows, and when it is appended in large pieces", () => {
    const { append, transact, count, unfiled } = openBench();
    for (let n = 0; n < JOURNAL_LIMITS.entriesAConversation; n++) transact(false, () => append(1, 1, false));
    expect([count("entries") > 0, unfiled(1)]).toEqual([true, 0]);
    transact(false, () => append(2, 1, false));
    expect(unfiled(2)).toBe(1);
    transact(false, () => append(2, 100, false));
    expect(unfiled(2)).toBe(0);
  });

  test("is filed when others need its room: the journal grows no longer than it may", () => {
    const limits = { ...JOURNAL_LIMITS, characters: 60_000 };
    const { append, transact, characters, unfiled, check } = openBench(limits);
    transact(false, () => append(1, 1, false));
    let most = 0;
    for (let n = 0; n < 15_000; n++) {
      transact(false, () => append(2 + (n % 300), 1, false));
      if (n % 100 === 0) most = Math.max(most, characters());
    }
    expect(most).toBeGreaterThan(limits.characters / 2);
    expect(most).toBeLessThan(limits.characters + CHARACTERS_A_CUT + 1000);
    expect(unfiled(1)).toBe(0);
    check(1, 10);
  });

  test("of a conversation that is gone leaves nothing to who has its place, and no place is given twice", () => {
    const bench = openBench();
    for (let n = 0; n < 3; n++) bench.transact(false, () => bench.append(6, 1, false));
    bench.remove(6);
    const { journalEnd } = bench.log;
    bench.reopen();
    expect(bench.unfiled(6)).toBe(0);
    expect(bench.insert("another")).toBe(7);
    bench.transact(false, () => bench.log.tidy(journalEnd));
    bench.reopen();
    expect([bench.count("journal"), bench.log.journalEnd]).toEqual([1, journalEnd]);
  });
});

test("a reader beside the writer takes no chunk for another when what it had seen was cut off", () => {
  const { database, log, view, transact, append } = openBench();
  transact(false, () => append(1, 1, false));
  view.refresh();
  transact(false, () => append(1, 100, false)); // in one piece: all of it is filed
  transact(false, () => append(1, 1, false));
  transact(false, () => append(1, 1, false));
  transact(false, () => append(1, 100, false));
  transact(false, () => log.tidy(log.journalEnd));
  expect(database.prepare("SELECT count(*) AS n FROM journal").get()).toEqual({ n: 1 });
  view.refresh();
  expect([...view.of(1)]).toEqual([]);
});

/** A log of conversations 1 to 400, beside which it is remembered what is in it. */
function openBench(limits = JOURNAL_LIMITS) {
  const database = new DatabaseSync(":memory:", { enableForeignKeyConstraints: false });
  onTestFinished(() => database.close());
  migrate(database);
  const view = createRecentEntriesView(database);
  const viewed = createLogTable(database, view);
  let kept = new Map<number, readonly LogEvent[]>();
  const appendables = new Map<number, Appendable>();
  let journal: Journal;
  let log: JournaledLog;
  let conversations = createConversationTable(database, { of: () => [], endOf: () => undefined });
  reopen();
  for (let n = 1; n <= 6; n++) insert(String(n));

  function reopen(): void {
    journal = openJournal(database);
    log = createJournaledLog(createLogTable(database, journal), journal, limits);
    conversations = createConversationTable(database, journal);
    appendables.clear();
  }

  /** As a row that is kept in memory: with what appends have found, through rollbacks too. */
  function appendable(key: number): Appendable {
    const known = appendables.get(key) ?? { key };
    appendables.set(key, known);
    return known;
  }

  function insert(id: string): number {
    const counts = { runs: 1, attempt: 1, nextItem: 2, waiting: 0, createdAt: 0, updatedAt: 0 };
    const cursors = { tip: cursorAt(1, 0), base: START, settled: START };
    return conversations.insert({ id: id as ConversationId, agent: "Agent", ...cursors, ...counts });
  }

  function all(key: number): readonly LogEvent[] {
    return kept.get(key) ?? [];
  }

  function append(key: number, size: number, isLast: boolean): void {
    const first = (all(key).at(-1)?.seq ?? 0) + 1;
    const events = Array.from({ length: size }, (_, index) => entry(first + index));
    log.append(appendable(key), serialize(events), isLast);
    kept.set(key, [...all(key), ...events]);
  }

  function transact(fails: boolean, act: () => void): void {
    const before = new Map(kept);
    database.exec("BEGIN");
    act();
    journal.committing();
    database.exec(fails ? "ROLLBACK" : "COMMIT");
    if (fails) journal.rolledBack();
    else journal.committed();
    if (fails) kept = before;
  }

  function check(key: number, at: number): void {
    const after = cursorAt(1, at);
    for (const limit of [1, 7, 1000]) {
      const expected = slice(all(key), after, limit);
      expect(log.read(key, after, limit)).toEqual(expected);
      view.refresh();
      expect(viewed.read(key, after, limit)).toEqual(expected);
    }
  }

  return {
    database,
    view,
    get log() {
      return log;
    },
    unfiled: (key: number) => [...journal.of(key)].length,
    reopen,
    insert,
    all,
    append,
    transact,
    check,
    checkAll() {
      for (const key of kept.keys()) check(key, 0);
    },
    remove(key: number) {
      database.prepare("DELETE FROM conversations WHERE key = ?").run(key);
      journal.take(key);
      journal.committed();
      kept.delete(key);
    },
    characters: () => Number(database.prepare("SELECT sum(length(entries)) AS n FROM journal").get()?.["n"]),
    count: (table: string) => Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.["n"]),
  };
}

function entry(seq: number): LogEvent {
  const place = { v: 1, attempt: 1, seq, at: 7 * seq, run: 1 } as const;
  if (seq % 11 === 0) return { ...place, type: "data", step: 1, name: "n", value: "x".repeat(seq % 700) };
  return { ...place, type: "text-delta", step: 1, id: "t", delta: `chunk ${seq}`, sequence: seq };
}

function slice(all: readonly LogEvent[], after: Cursor, limit: number): readonly LogEvent[] {
  return all.filter((event) => compareCursors(cursorOf(event), after) > 0).slice(0, limit);
}
