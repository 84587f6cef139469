import { expect, it } from "vitest";
import { compareCursors, cursorAt, START } from "../core/index.ts";
import { formatOffset, parseOffset } from "./durable-streams-offset.ts";

const NUMBERS = [0, 1, 9, 10, 99, 1_000_000, Number.MAX_SAFE_INTEGER];
const CURSORS = NUMBERS.flatMap((attempt) => NUMBERS.map((seq) => cursorAt(attempt, seq)));

it("sorts as text as cursors do in the log", () => {
  const sorted = CURSORS.toSorted(compareCursors).map(formatOffset);
  expect(sorted.toSorted()).toEqual(sorted);
});

it("is read back as the cursor that it was made of", () => {
  expect(CURSORS.map((cursor) => parseOffset(formatOffset(cursor)))).toEqual(CURSORS);
  expect(parseOffset(formatOffset(START))).toBe(START);
});

it.each(["", "-1", "now", "1-3", "1_3", `${"9".repeat(16)}_${"0".repeat(16)}`, `${formatOffset(START)} `])(
  "is refused where it is none: %s",
  (text) => expect(() => parseOffset(text)).toThrow(expect.objectContaining({ code: "invalid_cursor" })),
);
