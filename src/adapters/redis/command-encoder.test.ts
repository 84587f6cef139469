import fc from "fast-check";
import { expect, test } from "vitest";
import { CommandEncoder, digitsIn, encodeWords } from "./command-encoder.ts";
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
        const encoder = new CommandEncoder();
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
      const encoder = new CommandEncoder();
      encoder.add(rest, encodeWords(begin));
      expect(bytesOf([...begin, ...rest]).equals(encoder.take())).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test("numbers, and words of pieces, come out as the same words in letters do", () => {
  const number = fc.oneof(
    fc.nat(),
    fc.maxSafeNat(),
    fc.constantFrom(0, 9, 10, 99, 100, 2 ** 30 - 1, 2 ** 30, 10 ** 10, 1_700_000_000_042),
  );
  const ascii = fc.string({ unit: "binary-ascii" });
  fc.assert(
    fc.property(fc.array(fc.tuple(number, ascii, number)), (words) => {
      const encoder = new CommandEncoder();
      encoder.begin(2 * words.length);
      for (const [one, piece, other] of words) {
        encoder.addNumber(one);
        encoder.beginWord(piece.length + digitsIn(other));
        encoder.addPiece(piece);
        encoder.addDigits(other);
        encoder.endWord();
      }
      const letters = words.flatMap(([one, piece, other]) => [String(one), `${piece}${other}`]);
      expect(bytesOf(letters).equals(encoder.take())).toBe(true);
    }),
    { numRuns: 200 },
  );
});

test("words that are kept are their bytes, a letter each", () => {
  const kept = [["one", "1"], ["ü€😀"]].map((words) => encodeWords(words));
  expect(kept[0]).toEqual({ count: 2, bytes: "$3\r\none\r\n$1\r\n1\r\n" });
  expect(Buffer.from(kept[1]?.bytes ?? "", "latin1").toString()).toBe("$9\r\nü€😀\r\n");
});

test("what was sent is written over, and what waits to be taken is not", () => {
  const encoder = new CommandEncoder();
  encoder.add(["SENT"]);
  const sent = encoder.take();
  encoder.add(["WAITS"]);
  encoder.reuse();
  expect(bytesOf(["WAITS"]).equals(encoder.take())).toBe(true);
  encoder.reuse();
  encoder.add(["NEXT"]);
  expect(encoder.take().byteOffset).toBe(sent.byteOffset);
});

test("the room that one large command needed is not kept", () => {
  const encoder = new CommandEncoder();
  encoder.add(["x".repeat(8 * 1024 * 1024)]);
  encoder.take();
  encoder.reuse();
  encoder.add(["NEXT"]);
  expect(encoder.take().buffer.byteLength).toBeLessThanOrEqual(4 * 1024 * 1024);
});
