import { describe, expect, test } from "vitest";
import { parseEvent } from "../../core/index.ts";
import type { LogEvent } from "../../core/index.ts";
import { seededRandom } from "../../../test/support/seeded-random.ts";
import { EntryParser } from "./entry-parser.ts";

const SEED = Math.floor(Math.random() * 2 ** 32);
const random = seededRandom(SEED);

const NOW = 1_790_000_000_000;

const TEXTS = [
  "plain words",
  "",
  'a "quote", a \\ and a \n line',
  '","sequence":7}',
  '\\","sequence":',
  '{"v":1,"attempt":1,"seq":2,"at":3,"run":1,"type":"text-delta","delta":"',
  "ünïcödé 🌍 \u2028 \ud800",
  "\\",
  '\\"',
];

function textChunk(seq: number): LogEvent {
  const base = {
    v: 1,
    attempt: random.between(1, 3),
    seq,
    at: random.chance(0.9) ? NOW + random.between(0, 20_000) : random.between(1, 2 ** 50),
    run: random.between(1, 2),
    type: "text-delta",
    step: random.between(1, 2),
    id: random.pick(["1", 'a "part"', '"delta":"']),
    delta: random.pick(TEXTS) + random.pick(TEXTS),
    sequence: seq,
  } as const;
  return random.chance(0.1) ? { ...base, separator: true } : base;
}

function anyEvent(seq: number): LogEvent {
  const place = { v: 1, attempt: 1, seq, at: 5, run: 1 } as const;
  return random.pick<LogEvent>([
    { ...place, type: "text-end", step: 1, id: "1" },
    { ...place, type: "reasoning-delta", step: 1, id: "1", delta: random.pick(TEXTS) },
    { ...place, type: "data", step: 1, name: "delta", value: random.pick(TEXTS) },
  ]);
}

describe("the parser of stored entries", () => {
  test(`gives what JSON.parse gives, whatever came before (seed ${SEED})`, () => {
    const parser = new EntryParser();
    for (let seq = 1; seq <= 5000; seq++) {
      const json = JSON.stringify(random.chance(0.9) ? textChunk(seq) : anyEvent(seq));
      expect(parser.parse(json)).toEqual(parseEvent(JSON.parse(json)));
    }
  });

  test("goes the way of JSON for entries that somebody else wrote down", () => {
    const parser = new EntryParser();
    const written = JSON.stringify(textChunk(1));
    parser.parse(written);
    for (const json of [
      written.replace(',"seq"', ', "seq"'),
      written.replace(/"at":\d+/, '"at":12345'),
      written.replace(/"at":(\d+)/, '"at":$10'),
      written.replace(/"at":(\d+)\d/, '"at":$1'),
      written.replace(/"sequence":(\d+)/, '"sequence":$1.0'),
      written.replace(/\}$/, ',"more":true}'),
      written.replace('"step"', '"more":true,"step"'),
      JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(written) as object).toReversed())),
    ]) {
      expect(parser.parse(json)).toEqual(parseEvent(JSON.parse(json)));
    }
  });

  test("passes over what a newer version wrote", () => {
    const parser = new EntryParser();
    expect(parser.parse('{"v":2,"attempt":1}')).toBeUndefined();
  });
});
