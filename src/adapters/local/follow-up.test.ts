import { describe, expect, test } from "vitest";
import { backoffMs, FIRST_BACKOFF_MS, followUp, LONGEST_BACKOFF_MS } from "./follow-up.ts";

const facts = { failures: 0, now: 1_000, random: 0.5 };

describe("what follows a drive", () => {
  test("nothing, when it is idle or waits for a person only", () => {
    expect(followUp({ kind: "returned", result: { state: "idle" } }, facts)).toEqual({ kind: "none" });
    const waiting = { state: "waiting", wakeAt: undefined } as const;
    expect(followUp({ kind: "returned", result: waiting }, facts)).toEqual({ kind: "none" });
  });

  test("a drive at the moment that it waits for", () => {
    const waiting = { state: "waiting", wakeAt: 5_000 } as const;
    const next = followUp({ kind: "returned", result: waiting }, { ...facts, failures: 3 });
    expect(next).toEqual({ kind: "at", moment: 5_000, failures: 0 });
  });

  test("another drive at once, when work is left or it was cut", () => {
    expect(followUp({ kind: "returned", result: { state: "more" } }, facts)).toEqual({ kind: "now" });
    expect(followUp({ kind: "cut" }, facts)).toEqual({ kind: "now" });
  });

  test("another drive after a while, when it threw", () => {
    const next = followUp({ kind: "threw", error: new Error("no") }, { ...facts, failures: 2 });
    expect(next).toEqual({ kind: "at", moment: 1_000 + FIRST_BACKOFF_MS * 2, failures: 3 });
  });

  test("the while doubles up to its limit, with full jitter", () => {
    const almostOne = 1 - Number.EPSILON;
    expect([1, 2, 3].map((failures) => backoffMs(failures, almostOne))).toEqual([200, 400, 800]);
    expect(backoffMs(10_000, almostOne)).toBe(LONGEST_BACKOFF_MS);
    expect(backoffMs(10_000, 0)).toBe(0);
  });
});
