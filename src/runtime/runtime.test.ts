import { expect, test } from "vitest";
import { DEFAULT_RUNTIME_LIMITS, runtimeLimits } from "./runtime.ts";

test("limits that are not given have their defaults", () => {
  expect(runtimeLimits()).toEqual(DEFAULT_RUNTIME_LIMITS);
  expect(runtimeLimits({ appendWindowMs: 50 })).toEqual({ ...DEFAULT_RUNTIME_LIMITS, appendWindowMs: 50 });
});

test.each([Number.NaN, -1, 0.5, 2 ** 31, Number.POSITIVE_INFINITY])(
  "a limit of %s is refused by name",
  (value) => {
    expect(() => runtimeLimits({ appendWindowMs: value })).toThrow(
      new TypeError(`limits.appendWindowMs is a whole number from 0 to 2147483647, not ${value}.`),
    );
  },
);
