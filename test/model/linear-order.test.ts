import { expect, test } from "vitest";
import { statesAfter } from "./linear-order.ts";
import type { Observed, Sequential } from "./linear-order.ts";

/** A number that is set, or read. */
type Call = { readonly set: number } | "read";

const REGISTER: Sequential<number, Call> = {
  apply: (state, call) =>
    call === "read" ? { state, answer: String(state) } : { state: call.set, answer: "" },
  keyOf: String,
};

const seen = (call: Call, began: number, ended: number, answer = ""): Observed<Call> => ({
  call,
  client: 0,
  began,
  ended,
  answer,
});

test("calls that overlap may have taken effect in either order", () => {
  const calls = [seen({ set: 1 }, 1, 4), seen({ set: 2 }, 2, 3)];
  expect(statesAfter(calls, [0], REGISTER).toSorted((a, b) => a - b)).toEqual([1, 2]);
});

test("a read of what was overwritten before it began is found out", () => {
  const stale = [seen({ set: 1 }, 1, 2), seen("read", 3, 4, "0")];
  expect(statesAfter(stale, [0], REGISTER)).toEqual([]);
  expect(statesAfter([seen({ set: 1 }, 1, 3), seen("read", 2, 4, "0")], [0], REGISTER)).toEqual([1]);
});

test("two reads that see two writes in opposite orders are found out", () => {
  const calls = [
    seen({ set: 1 }, 1, 9),
    seen({ set: 2 }, 1, 9),
    seen("read", 2, 3, "1"),
    seen("read", 4, 5, "2"),
    seen("read", 6, 7, "1"),
  ];
  expect(statesAfter(calls, [0], REGISTER)).toEqual([]);
});
