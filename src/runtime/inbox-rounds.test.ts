import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createInboxRounds, INBOX_CHECK_INTERVAL_MS, MAX_INBOX_CHECKS_A_SECOND } from "./inbox-rounds.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("each run looks once an interval, until it leaves", () => {
  const rounds = createInboxRounds();
  const looks: string[] = [];
  const leave = rounds.join(() => looks.push("a"));
  vi.advanceTimersByTime(INBOX_CHECK_INTERVAL_MS / 2);
  rounds.join(() => looks.push("b"));
  vi.advanceTimersByTime(INBOX_CHECK_INTERVAL_MS / 2);
  expect(looks).toEqual(["a"]);
  vi.advanceTimersByTime(INBOX_CHECK_INTERVAL_MS);
  expect(looks).toEqual(["a", "b", "a"]);
  leave();
  vi.advanceTimersByTime(INBOX_CHECK_INTERVAL_MS);
  expect(looks).toEqual(["a", "b", "a", "b"]);
});

test("thousands of runs look no oftener than a limit allows, each in its turn", () => {
  const rounds = createInboxRounds();
  const looks = Array.from({ length: 2000 }, () => 0);
  for (const index of looks.keys()) rounds.join(() => (looks[index] = (looks[index] ?? 0) + 1));
  vi.advanceTimersByTime(INBOX_CHECK_INTERVAL_MS);
  const before = total(looks);
  vi.advanceTimersByTime(10_000);
  expect(total(looks) - before).toBe(10 * MAX_INBOX_CHECKS_A_SECOND);
  vi.advanceTimersByTime(20_000);
  expect(new Set(looks)).toEqual(new Set([1, 2]));
});

test("nothing is left running when the last has left, and one that comes later is heard", () => {
  const rounds = createInboxRounds();
  rounds.join(() => {})();
  expect(vi.getTimerCount()).toBe(0);
  let looks = 0;
  rounds.join(() => looks++);
  vi.advanceTimersByTime(INBOX_CHECK_INTERVAL_MS);
  expect(looks).toBe(1);
});

test("a run may leave while it looks", () => {
  const rounds = createInboxRounds();
  let looks = 0;
  const leave = rounds.join(() => {
    looks += 1;
    leave();
  });
  vi.advanceTimersByTime(3 * INBOX_CHECK_INTERVAL_MS);
  expect(looks).toBe(1);
});

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
