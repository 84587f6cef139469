import { describe, expect, test } from "vitest";
import { cursorAt } from "../../core/index.ts";
import type { LogEvent } from "../../core/index.ts";
import { seededRandom } from "../../../test/support/seeded-random.ts";
import {
  entriesOfRow,
  entryRows,
  FULL_ROW_CHARACTERS,
  gathered,
  MAX_ENTRIES_A_ROW,
  textOf,
} from "./entry-rows.ts";
import type { Entry } from "./entry-rows.ts";

const SEED = Math.floor(Math.random() * 2 ** 32);
const random = seededRandom(SEED);

const TEXTS = ["plain words", "", '"', "\\", ',0,"', "[", "ünïcödé 🌍 \u2028 \ud800 \u0000", "x".repeat(500)];

interface Place {
  readonly v: 1;
  readonly attempt: number;
  readonly seq: number;
  readonly at: number;
  readonly run: number;
}

function chunk(place: Place, sequence: number): LogEvent {
  const step = random.chance(0.95) ? 1 : 2;
  const id = random.chance(0.95) ? "1" : "2";
  const base = { ...place, type: "text-delta", step, id, delta: random.pick(TEXTS) } as const;
  const counted = { ...base, sequence: random.chance(0.95) ? sequence : random.between(0, 9) };
  return random.chance(0.05) ? { ...counted, separator: true } : counted;
}

function other(place: Place): LogEvent {
  return random.pick<LogEvent>([
    { ...place, type: "text-end", step: 1, id: "1" },
    { ...place, type: "reasoning-delta", step: 1, id: "1", delta: random.pick(TEXTS) },
    { ...place, type: "data", step: 1, name: "n", value: random.pick([0, "text", null, [1, "x"]]) },
    { ...place, type: "data", step: 1, name: "long", value: "x".repeat(FULL_ROW_CHARACTERS) },
    { ...place, type: "step-reset", step: 1, from: cursorAt(1, 1), reason: "retry" },
  ]);
}

function someEntries(): readonly LogEvent[] {
  let attempt = 1;
  let seq = random.between(0, 5);
  let at = 1_790_000_000_000;
  return Array.from({ length: random.between(1, 300) }, (_, index) => {
    if (random.chance(0.01)) [attempt, seq] = [attempt + 1, -1];
    seq += 1;
    // Clocks are set back at times.
    at += random.between(-5, 50);
    const place = { v: 1, attempt, seq, at, run: random.chance(0.99) ? 1 : 2 } as const;
    return random.chance(0.9) ? chunk(place, index) : other(place);
  });
}

function cutAtRandom(events: readonly LogEvent[]): readonly (readonly LogEvent[])[] {
  const pieces: LogEvent[][] = [[]];
  for (const event of events) {
    if (random.chance(0.6)) pieces.push([]);
    pieces.at(-1)?.push(event);
  }
  return pieces.filter((piece) => piece.length > 0);
}

function entriesOf(entry: Entry): readonly LogEvent[] {
  return entriesOfRow(textOf(entry));
}

describe("rows of entries", () => {
  test(`hold what was put into them, in order (seed ${SEED})`, () => {
    for (let round = 0; round < 300; round++) {
      const events = someEntries();
      expect(entryRows(events).flatMap(entriesOf)).toStrictEqual(events);
    }
  });

  test(`are of one attempt, named for their last entry, and bounded (seed ${SEED})`, () => {
    for (let round = 0; round < 300; round++) {
      for (const row of entryRows(someEntries())) {
        const entries = entriesOf(row);
        expect(entries.length).toBeLessThanOrEqual(MAX_ENTRIES_A_ROW);
        expect(entries.map((event) => event.attempt)).toEqual(entries.map(() => row.attempt));
        expect(entries.map((event) => event.seq)).toEqual(
          entries.map((_, index) => row.seq - entries.length + 1 + index),
        );
        if (entries.length > 1) expect(textOf(row).length).toBeLessThan(2 * FULL_ROW_CHARACTERS + 10);
      }
    }
  });

  test(`that are gathered hold the same in fewer (seed ${SEED})`, () => {
    for (let round = 0; round < 300; round++) {
      const events = someEntries();
      const rows = cutAtRandom(events).flatMap(entryRows);
      const few = gathered(rows);
      expect(few.flatMap(entriesOf)).toStrictEqual(events);
      expect(few.length).toBeLessThanOrEqual(rows.length);
      const together = gathered(events.flatMap((event) => entryRows([event])));
      if (events.length > 1) expect(entryRows(events)).toEqual(together);
    }
  });

  test("are few, and small, for an answer's text", () => {
    const place = { v: 1, attempt: 1, at: 5, run: 1, type: "text-delta", step: 1, id: "1" } as const;
    const chunks = Array.from({ length: 16 }, (_, n) => ({
      ...place,
      seq: 7 + n,
      delta: "ten bytes.",
      sequence: n,
    }));
    const rows = entryRows(chunks);
    expect(rows).toHaveLength(1);
    expect(rows.map(textOf).join("").length).toBeLessThan(JSON.stringify(chunks[0]).length + 16 * 16);
  });

  test("leave a lone entry as it is, and a long one alone", () => {
    const place = { v: 1, attempt: 1, at: 5, run: 1 } as const;
    const short = { ...place, seq: 1, type: "text-end", step: 1, id: "1" } as const;
    const value = "x".repeat(FULL_ROW_CHARACTERS);
    const long = { ...place, seq: 2, type: "data", step: 1, name: "n", value } as const;
    const after = { ...short, seq: 3 };
    expect(entryRows([short, long, after]).map(textOf)).toEqual(
      [short, long, after].map((event) => JSON.stringify(event)),
    );
  });

  test("pass over what a newer version wrote", () => {
    const place = {
      v: 1,
      attempt: 1,
      at: 5,
      run: 1,
      type: "text-delta",
      step: 1,
      id: "1",
      delta: "a",
    } as const;
    const [known, unknown] = [
      { ...place, seq: 1, sequence: 0 },
      { ...place, v: 2, seq: 2, sequence: 1 },
    ];
    expect(entriesOfRow(JSON.stringify([known, unknown, { ...place, seq: 3, sequence: 2 }, 4, "b"]))).toEqual(
      [known, { ...place, seq: 3, sequence: 2 }, { ...place, at: 9, seq: 4, sequence: 3, delta: "b" }],
    );
  });
});
