import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { attemptOf, compareCursors, cursorAt, parseCursor, seqOf, START } from "./cursor.ts";

const place = fc.tuple(fc.maxSafeNat(), fc.maxSafeNat());

describe("a cursor", () => {
  test("prints and parses to the same place, whatever the place", () => {
    fc.assert(
      fc.property(place, ([attempt, seq]) => {
        const cursor = parseCursor(cursorAt(attempt, seq));
        expect([attemptOf(cursor), seqOf(cursor)]).toEqual([attempt, seq]);
      }),
    );
  });

  test("orders by attempt, then by seq, as a total order", () => {
    fc.assert(
      fc.property(place, place, ([a1, s1], [a2, s2]) => {
        const order = compareCursors(cursorAt(a1, s1), cursorAt(a2, s2));
        expect(Math.sign(order)).toBe(Math.sign(a1 - a2 || s1 - s2));
        expect(Math.sign(compareCursors(cursorAt(a2, s2), cursorAt(a1, s1)))).toBe(0 - Math.sign(order));
      }),
    );
  });

  test("comes after the start unless it is the start", () => {
    fc.assert(
      fc.property(place, ([attempt, seq]) => {
        expect(Math.sign(compareCursors(cursorAt(attempt, seq), START))).toBe(attempt + seq > 0 ? 1 : 0);
      }),
    );
  });

  test.each([
    "",
    "1",
    "1-",
    "-1",
    "1-2-3",
    "a-b",
    "01-2",
    "1-02",
    " 1-2",
    "1-2\n",
    "1.0-2",
    "-1-2",
    "99999999999999999-0",
    "9007199254740992-0",
    "１-2",
  ])("%j is malformed", (text) => {
    expect(() => parseCursor(text)).toThrow(expect.objectContaining({ code: "invalid_cursor" }));
  });

  test("the ids of other writers of Redis streams are well-formed", () => {
    expect(parseCursor("1734649123456-0")).toBe("1734649123456-0");
  });

  test("nothing else than a printed cursor is parsed", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const parsed = (() => {
          try {
            return parseCursor(text);
          } catch {
            return undefined;
          }
        })();
        if (parsed !== undefined) expect(cursorAt(attemptOf(parsed), seqOf(parsed))).toBe(text);
      }),
    );
  });
});
