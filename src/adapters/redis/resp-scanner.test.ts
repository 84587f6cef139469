import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { numberFromReply, stringFromReply } from "./resp-reader.ts";
import { createRespScanner, digitsAt } from "./resp-scanner.ts";
import { bytesOf } from "./resp.fixture.ts";
import type { RespValue } from "./resp.fixture.ts";

const { value } = fc.letrec<{ value: RespValue; array: RespValue[] }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    // Bytes that look like the protocol must not be taken for it.
    fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("\r\n", "$5\r\n", "*1\r\n", "", "-ERR\r\n")),
    fc.maxSafeInteger(),
    fc.constant(null),
    fc.constant({ error: "ERR it is broken" }),
    tie("array"),
  ),
  array: fc.array(tie("value"), { maxLength: 6 }),
}));

describe("the scanner of replies", () => {
  test("finds every reply whole, wherever the bytes are cut", () => {
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 8 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 40 })),
        (values, sizes) => {
          const expected = values.map(bytesOf);
          const all = Buffer.concat(expected);
          const scanner = createRespScanner();
          const found: Buffer[] = [];
          for (let at = 0; at < all.length;) {
            const size = sizes.next().value;
            found.push(...scanner.push(all.subarray(at, at + size)).map((reply) => Buffer.from(reply)));
            at += size;
          }
          expect(found.map(String)).toEqual(expected.map(String));
        },
      ),
    );
  });

  test("takes replies that are larger than its room, and goes on after them", () => {
    const scanner = createRespScanner();
    const texts = [70_000, 10, 6_000_000, 10, 200_000].map((length) => "x".repeat(length));
    for (const text of texts) {
      const bytes = bytesOf([text, "end"]);
      const found: string[] = [];
      for (let at = 0; at < bytes.length; at += 65_536) {
        found.push(...scanner.push(bytes.subarray(at, at + 65_536)).map(String));
      }
      expect(found).toHaveLength(1);
      expect(found[0] === String(bytes)).toBe(true);
    }
  });

  test("knows the array that is not there", () => {
    expect(createRespScanner().push(Buffer.from("*-1\r\n:1\r\n")).map(String)).toEqual(["*-1\r\n", ":1\r\n"]);
  });
});

describe("a reply", () => {
  test("is the string or the number that was sent", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.maxSafeInteger(), (text, number) => {
        expect(stringFromReply(bytesOf(text))).toBe(text);
        expect(numberFromReply(bytesOf(number))).toBe(number);
        expect(digitsAt(Buffer.from(`x${number}\r\n`), 1)).toBe(number);
      }),
    );
    expect(stringFromReply(bytesOf(null))).toBeUndefined();
  });
});
