import * as fc from "fast-check";
import { expect, test } from "vitest";
import { chunksFromText } from "./text-chunks.ts";

test("joined chunks are the text, and none is empty", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const chunks = chunksFromText(text);
      expect(chunks.join("")).toBe(text);
      expect(chunks).not.toContain("");
    }),
  );
});

test("keeps the spaces and newlines in front of the words", () => {
  expect(chunksFromText("# Tokyo\n\n- one two \n")).toEqual(["#", " Tokyo", "\n\n-", " one", " two", " \n"]);
});

test("never cuts a surrogate pair", () => {
  for (const chunk of chunksFromText("🗼".repeat(33))) expect(chunk.isWellFormed()).toBe(true);
});
