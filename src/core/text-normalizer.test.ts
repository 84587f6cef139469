import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createTextNormalizer, normalizeText } from "./text-normalizer.ts";

/** Text rich in what is hard: line ends of every kind, halves of surrogate pairs, byte-order marks. */
const hostile = fc.string({
  unit: fc.constantFrom("a", "\r", "\n", "\uD83D", "\uDE00", "\uFEFF", "\u0000", "😀", "\u2028"),
  maxLength: 40,
});

function inChunks(text: string, cuts: readonly number[]): readonly string[] {
  const places = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].toSorted((a, b) => a - b);
  return [...places, text.length].map((place, index) => text.slice(places[index - 1] ?? 0, place));
}

describe("normalized text", () => {
  test("is the same however the text was split into chunks", () => {
    fc.assert(
      fc.property(hostile, fc.array(fc.nat()), (text, cuts) => {
        const normalizer = createTextNormalizer();
        const chunks = inChunks(text, cuts);
        expect(chunks.join("")).toBe(text);
        const joined = chunks.map((chunk) => normalizer.push(chunk)).join("") + normalizer.end();
        expect(joined).toBe(normalizeText(text));
      }),
    );
  });

  test("holds no carriage return and no lone surrogate, also in each chunk by itself", () => {
    fc.assert(
      fc.property(hostile, fc.array(fc.nat()), (text, cuts) => {
        const normalizer = createTextNormalizer();
        for (const chunk of [
          ...inChunks(text, cuts).map((part) => normalizer.push(part)),
          normalizer.end(),
        ]) {
          expect(chunk).not.toContain("\r");
          expect(chunk.isWellFormed()).toBe(true);
        }
      }),
    );
  });

  test.each([
    ["a\r\nb\rc\n", "a\nb\nc\n"],
    ["\uFEFFtitle", "title"],
    ["\uFEFF\uFEFFtitle", "title"],
    ["in\uFEFFside", "in\uFEFFside"],
    ["half \uD83D", "half \uFFFD"],
    ["\uDE00 half", "\uFFFD half"],
    ["whole 😀", "whole 😀"],
    ["nul \u0000 stays", "nul \u0000 stays"],
  ])("%j becomes %j", (text, expected) => {
    expect(normalizeText(text)).toBe(expected);
  });
});
