import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeEntries } from "./entry-decoder.ts";
import { eventFromEntry } from "./redis-entry.ts";
import type { RedisEntry } from "./redis-entry.ts";
import { bytesOf } from "./resp.fixture.ts";

const text = fc.string({ unit: "grapheme" });
const count = fc.nat().map(String);
const id = fc.tuple(fc.nat(), fc.nat()).map(([attempt, seq]) => `${attempt}-${seq}`);

const chunkData = fc.constantFrom(
  '{"type":"text-delta","v":1,"run":1,"step":1,"id":"t"}',
  '{"type":"text-delta","v":1,"run":1,"step":2,"id":"t"}',
  '{"type":"text-delta","v":1,"run":2,"step":1,"id":"é","separator":true}',
);
/** What a newer version, or somebody else, may have written. */
const foreignData = fc.oneof(
  text,
  fc.constantFrom(
    '{"type":"text-delta","v":2,"run":1}',
    '{"type":"novel","v":1,"run":1}',
    "null",
    "1",
    "[]",
    "",
  ),
);
const otherData = fc.constantFrom(
  '{"type":"run-start","v":1,"run":1,"id":"one","agent":"A","input":"Q","acceptedAt":1,"options":{}}',
  '{"type":"run-failed","v":1,"run":1,"code":"nobody_knows","message":"m","usage":{}}',
);

const fields = fc.oneof(
  chunkFields(chunkData),
  chunkFields(fc.oneof(foreignData, otherData)),
  fc.tuple(count, fc.oneof(otherData, foreignData)).map(([at, data]) => ["timestamp", at, "data", data]),
  fc.tuple(text, count, count, otherData).map(([error, sequence, at, data]) => {
    return ["text", "", "sequence", sequence, "timestamp", at, "done", "true", "error", error, "data", data];
  }),
  fc.array(fc.tuple(text, text), { maxLength: 5 }).map((pairs) => pairs.flat()),
  // The names of a chunk in another order.
  fc.tuple(text, count, count, chunkData).map(([delta, sequence, at, data]) => {
    return ["data", data, "text", delta, "timestamp", at, "sequence", sequence];
  }),
);

function chunkFields(data: fc.Arbitrary<string>): fc.Arbitrary<string[]> {
  return fc.tuple(text, count, count, data).map(([delta, sequence, at, json]) => {
    return ["text", delta, "sequence", sequence, "timestamp", at, "data", json];
  });
}

describe("entries decoded from bytes", () => {
  test("are the same as those read field by field, whatever else is in the stream", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(id, fields), { maxLength: 30 }), (entries: RedisEntry[]) => {
        const decoded = decodeEntries(bytesOf(entries));
        expect(decoded).toStrictEqual({
          events: entries.flatMap((entry) => eventFromEntry(entry) ?? []),
          count: entries.length,
          last: entries.at(-1)?.[0],
        });
      }),
      { numRuns: 500 },
    );
  });

  test("do not hold on to the bytes", () => {
    const reply = bytesOf([["1-1", ["text", "kept", "sequence", "0", "timestamp", "7", "data", TEXT_DATA]]]);
    const { events } = decodeEntries(reply);
    reply.fill(0);
    expect(events).toEqual([
      {
        v: 1,
        type: "text-delta",
        attempt: 1,
        seq: 1,
        at: 7,
        run: 1,
        step: 1,
        id: "t",
        delta: "kept",
        sequence: 0,
      },
    ]);
  });
});

const TEXT_DATA = '{"type":"text-delta","v":1,"run":1,"step":1,"id":"t"}';
