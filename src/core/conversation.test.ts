import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isVoided } from "./conversation.ts";
import type { VoidedRange } from "./conversation.ts";
import { compareCursors, cursorAt } from "./cursor.ts";

/** Ranges as crashes leave them: in order, each ended by a reset of a later attempt. */
const ranges = fc.array(fc.tuple(fc.nat(5), fc.integer({ min: 1, max: 5 })), { maxLength: 8 }).map((gaps) => {
  const voided: VoidedRange[] = [];
  let seq = 0;
  for (const [gap, length] of gaps) {
    voided.push({ from: cursorAt(1, seq + gap), reset: cursorAt(1, seq + gap + length) });
    seq += gap + length + 1;
  }
  return voided;
});

describe("a withdrawn entry", () => {
  test("is one from the start of a voided range up to, but without, its reset", () => {
    fc.assert(
      fc.property(ranges, fc.nat(100), (voided, seq) => {
        const cursor = cursorAt(1, seq);
        const expected = voided.some(
          ({ from, reset }) => compareCursors(cursor, from) >= 0 && compareCursors(cursor, reset) < 0,
        );
        expect(isVoided(cursor, voided)).toBe(expected);
      }),
    );
  });
});
