import { describe, expect, test } from "vitest";
import { parseEvent } from "../../core/index.ts";
import type { JsonValue } from "../../core/index.ts";
import { seededRandom } from "../../../test/support/seeded-random.ts";
import { LONG_STEP_END, longStepEnd } from "./long-step-end.ts";

const SEED = Math.floor(Math.random() * 2 ** 32);
const random = seededRandom(SEED);

const LONG = "x".repeat(LONG_STEP_END);
const USAGE = { inputTokens: 1, outputTokens: 2 };
const TAIL = ',"usage":{"inputTokens":1,"outputTokens":2},"finishReason":"stop"}';

/** Texts and values that look like the end of an entry, or like the beginning of its message. */
const VALUES: readonly JsonValue[] = [
  TAIL,
  ',"message":',
  "\\",
  '"',
  "ünïcödé 🌍",
  { usage: USAGE, finishReason: "stop" },
  { message: null, usage: USAGE },
  [{ finishReason: "stop" }],
];

function stepEnd(ending: object): string {
  const content = Array.from({ length: random.between(1, 3) }, () => ({
    type: "text",
    text: LONG,
    value: random.pick(VALUES),
  }));
  const message = { role: "assistant", content, last: random.pick(VALUES) };
  const place = { v: 1, attempt: 1, seq: 9, at: 5, run: 1, type: "step-end", step: 1 };
  return JSON.stringify({ ...place, message, ...ending });
}

describe("a long step's end", () => {
  test(`is what JSON.parse gives, with its fields in their order (seed ${SEED})`, () => {
    for (let round = 0; round < 500; round++) {
      const json = stepEnd({ usage: USAGE, finishReason: random.pick(["stop", "content-filter"]) });
      const event = longStepEnd(json);
      expect(event).toStrictEqual(parseEvent(JSON.parse(json)));
      expect(JSON.stringify(event)).toBe(json);
      expect({ ...event }).toStrictEqual(JSON.parse(json));
    }
  });

  test("parses its message once", () => {
    const event = longStepEnd(stepEnd({ usage: USAGE, finishReason: "stop" }));
    if (event?.type !== "step-end") throw new Error("It was no step's end.");
    expect(event.message).toBe(event.message);
  });

  test(`is left to JSON.parse when it is written in another way (seed ${SEED})`, () => {
    const written = stepEnd({ usage: USAGE, finishReason: "stop" });
    for (const json of [
      stepEnd({}),
      stepEnd({ finishReason: "stop" }),
      stepEnd({ usage: USAGE }),
      stepEnd({ finishReason: "stop", usage: USAGE }),
      stepEnd({ usage: USAGE, finishReason: "stop", more: true }),
      stepEnd({ usage: { more: USAGE }, finishReason: "stop" }),
      written.replace('{"v":1,', '{"v":2,'),
      written.replace('"type":"step-end"', '"type":"data"'),
      '{"v":1,"attempt":1,"seq":9,"at":5,"run":1,"type":"step-end","step":1,"message":null,"usage":{},"finishReason":"stop"}',
    ]) {
      expect(longStepEnd(json)).toBeUndefined();
    }
  });
});
