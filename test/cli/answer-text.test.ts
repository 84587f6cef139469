import { describe, expect, it } from "vitest";
import { nothingPrinted, printAtOnce, printWhenCertain } from "../../src/cli/watch/answer-text.ts";
import type { TextPiece } from "../../src/cli/watch/answer-text.ts";
import type { FollowUpdate } from "../../src/client/index.ts";
import { renderingAfter, takeEntry } from "../../src/client/rendering.ts";
import { cursorOf, START } from "../../src/core/index.ts";
import type { Cursor, LogEvent } from "../../src/core/index.ts";
import { generateLog } from "../client/generated-log.ts";
import { seededRandom } from "../support/seeded-random.ts";

const LOGS = 300;

/** What a client that reads a log after a cursor is told. */
function* updatesOf(events: readonly LogEvent[], after: Cursor = START): Generator<FollowUpdate> {
  let rendering = renderingAfter(after);
  for (const event of events) {
    const cursor = cursorOf(event);
    const taken = takeEntry(rendering, { cursor, event });
    if (taken.kind !== "taken") continue;
    ({ rendering } = taken);
    yield { event, cursor, run: rendering.run, text: rendering.text };
  }
}

describe("what is printed into a pipe", () => {
  it("is always a beginning of the final text, and in the end all of it, wherever it is broken off", () => {
    const seed = Date.now();
    console.log(`seed ${seed}`);
    const random = seededRandom(seed);
    for (let log = 0; log < LOGS; log++) {
      const { events, texts } = generateLog(random);
      const expected = [...texts.values()].join("");
      let printed = nothingPrinted(undefined);
      let text = "";
      const breakAt = random.between(0, events.length);
      let left: string | undefined;
      let count = 0;
      for (const update of updatesOf(events)) {
        const piece = printWhenCertain(printed, update);
        ({ printed } = piece);
        text += piece.text;
        expect(expected.startsWith(text)).toBe(true);
        if (++count >= breakAt && left === undefined) {
          left = text + restAfter(events, printed.cursor);
        }
      }
      expect(text).toBe(expected);
      expect(left ?? text).toBe(expected);
    }
  });
});

/** What another command prints that goes on where the first let go. */
function restAfter(events: readonly LogEvent[], cursor: string | undefined): string {
  const after = (cursor ?? START) as Cursor;
  let printed = nothingPrinted(cursor);
  let text = "";
  for (const update of updatesOf(events, after)) {
    const piece = printWhenCertain(printed, update);
    ({ printed } = piece);
    text += piece.text;
  }
  return text;
}

describe("what is printed on a terminal", () => {
  it("comes at once, and says so where it withdraws what stands there", () => {
    const seed = Date.now();
    console.log(`seed ${seed}`);
    const random = seededRandom(seed);
    for (let log = 0; log < LOGS; log++) {
      const { events } = generateLog(random);
      let printed = nothingPrinted(undefined);
      const pieces: { readonly piece: TextPiece; readonly update: FollowUpdate }[] = [];
      for (const update of updatesOf(events)) {
        const piece = printAtOnce(printed, update);
        ({ printed } = piece);
        pieces.push({ piece, update });
      }
      for (const { piece, update } of pieces) {
        const { event } = update;
        expect(piece.text).toBe(event.type === "text-delta" ? event.delta : "");
        if (piece.withdraws) expect(event.type).toBe("step-reset");
      }
      const withdrawn = pieces.filter(({ piece }) => piece.withdraws).length;
      const resets = events.filter((event) => event.type === "step-reset").length;
      expect(withdrawn).toBeLessThanOrEqual(resets);
    }
  });
});
