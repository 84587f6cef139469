import fc from "fast-check";
import { expect, test } from "vitest";
import { createCommandEncoder, encodeWords } from "./command-encoder.ts";
import { bytesOf } from "./resp.fixture.ts";

const word = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.string({ unit: "binary", minLength: 30, maxLength: 200 }),
  fc.nat({ max: 100_000 }).map((length) => "x".repeat(length)),
);

test("any words come out as RESP2 has them, however they are gathered", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.array(word, { minLength: 1, maxLength: 6 }), { maxLength: 5 }), { maxLength: 5 }),
      (flushes) => {
        const encoder = createCommandEncoder();
        const taken = flushes.map((commands) => {
          for (const command of commands) encoder.add(command);
          return encoder.take();
        });
        // Compared in the end: what comes later must not write over what was taken.
        for (const [index, bytes] of taken.entries()) {
          expect(Buffer.concat((flushes[index] ?? []).map(bytesOf)).equals(bytes)).toBe(true);
        }
      },
    ),
    { numRuns: 60 },
  );
});

test("a command that begins with words encoded before is the whole command", () => {
  fc.assert(
    fc.property(fc.array(word, { minLength: 1 }), fc.array(word), (begin, rest) => {
      const encoder = createCommandEncoder();
      encoder.add(rest, encodeWords(begin));
      expect(bytesOf([...begin, ...rest]).equals(encoder.take())).toBe(true);
    }),
    { numRuns: 60 },
  );
});
