import { describe, expect, test } from "vitest";
import { cursorAt, START } from "../../core/index.ts";
import type { RedisEntry } from "./redis-entry.ts";
import { situationOf } from "./stream-situation.ts";
import type { StreamFacts } from "./stream-situation.ts";

const TEXT: RedisEntry = ["1-3", ["text", "a"]];
const END: RedisEntry = ["1-3", ["text", "", "done", "true"]];
const FAILURE: RedisEntry = ["1-3", ["error", "no quota"]];
const SETTLED = { tip: cursorAt(1, 3), settled: cursorAt(1, 3), base: START, runsWaiting: false };
const RUNNING = { ...SETTLED, settled: START };
const QUEUED = { ...SETTLED, runsWaiting: true };
const ACCEPTED = { tip: START, settled: START, base: START, runsWaiting: true };

function facts(newest: RedisEntry | undefined, conversation?: StreamFacts["conversation"]): StreamFacts {
  return { newest, conversation, remainingMs: -1 };
}

describe("a reader that has nothing to read", () => {
  test.each([
    ["waits while the answer is not over", cursorAt(1, 3), facts(TEXT), "wait"],
    ["waits while a run is under way", cursorAt(1, 3), facts(TEXT, RUNNING), "wait"],
    ["is at the end after an end", cursorAt(1, 3), facts(END), "ended"],
    ["is at the end after an error", cursorAt(1, 3), facts(FAILURE), "ended"],
    ["is at the end when all runs have ended", cursorAt(1, 3), facts(END, SETTLED), "ended"],
    ["waits for the next run that was accepted", cursorAt(1, 3), facts(END, QUEUED), "wait"],
    ["reads on when the end was written meanwhile", cursorAt(1, 2), facts(END, SETTLED), "wait"],
    ["is beyond a stream that has not come that far", cursorAt(2, 0), facts(TEXT, RUNNING), "beyond"],
    ["finds no stream", START, facts(undefined), "expired"],
    ["finds that the stream has expired", cursorAt(1, 3), facts(undefined, SETTLED), "expired"],
    ["waits for a first run that has not begun", START, facts(undefined, ACCEPTED), "wait"],
    ["waits for the run after an expired stream", cursorAt(1, 3), facts(undefined, QUEUED), "wait"],
    ["has lost entries of an expired stream", cursorAt(1, 1), facts(undefined, QUEUED), "expired"],
  ])("%s", (_says, after, known, expected) => {
    expect(situationOf(after, known)).toBe(expected);
  });
});
