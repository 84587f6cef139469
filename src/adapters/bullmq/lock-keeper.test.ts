import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createLockKeeper } from "./lock-keeper.ts";
import type { HeldLock } from "./lock-keeper.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("a lock", () => {
  test("is renewed for as long as it is kept, and no timer runs after", async () => {
    const { keeper, calls } = setUp(async () => []);
    const lost: string[] = [];
    const release = keeper.keep(lock("1", lost));
    await vi.advanceTimersByTimeAsync(10_000);
    expect(calls).toHaveLength(10);
    expect(calls[0]).toEqual([["1"], ["token 1"], 3_000]);
    release();
    expect(vi.getTimerCount()).toBe(0);
    expect(lost).toEqual([]);
  });

  test("is lost when Redis says so, others are not", async () => {
    const { keeper, calls } = setUp(async () => ["1"]);
    const lost: string[] = [];
    keeper.keep(lock("1", lost));
    keeper.keep(lock("2", lost));
    await vi.advanceTimersByTimeAsync(2_000);
    expect(lost).toEqual(["1"]);
    expect(calls[1]).toEqual([["2"], ["token 2"], 3_000]);
  });

  test("is lost when it runs out without an answer, or with errors only", async () => {
    const errors: unknown[] = [];
    const never = setUp(() => new Promise(() => undefined));
    const failing = setUp(async () => {
      throw new Error("on purpose");
    }, errors);
    const lost: string[] = [];
    never.keeper.keep(lock("1", lost));
    failing.keeper.keep(lock("2", lost));
    await vi.advanceTimersByTimeAsync(2_900);
    expect(lost).toEqual([]);
    await vi.advanceTimersByTimeAsync(100);
    expect(lost.toSorted()).toEqual(["1", "2"]);
    expect(never.calls).toHaveLength(1);
    expect(errors.length).toBeGreaterThan(0);
  });

  test("that was taken long ago is lost before Redis is asked", async () => {
    const { keeper, calls } = setUp(async () => []);
    const lost: string[] = [];
    keeper.keep({ ...lock("1", lost), since: Date.now() - 2_500 });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(lost).toEqual(["1"]);
    expect(calls).toEqual([]);
  });
});

function setUp(answer: () => Promise<readonly string[]>, errors: unknown[] = []) {
  const calls: unknown[] = [];
  const keeper = createLockKeeper({
    lockDurationMs: 3_000,
    extend(...call) {
      calls.push(call);
      return answer();
    },
    onError: (error) => errors.push(error),
  });
  return { keeper, calls };
}

function lock(jobId: string, lost: string[]): HeldLock {
  return { jobId, token: `token ${jobId}`, since: Date.now(), lose: () => void lost.push(jobId) };
}
