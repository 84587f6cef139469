import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createBoundedCalls, MAX_CALLS_PENDING } from "./bounded-calls.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("a call answers, or is given up after its limit", async () => {
  const calls = createBoundedCalls();
  expect(await calls.run("ask", 100, async () => "answer")).toBe("answer");
  const late = expect(calls.run("ask", 100, () => new Promise(() => undefined))).rejects.toMatchObject({
    code: "store_unavailable",
  });
  await vi.advanceTimersByTimeAsync(100);
  await late;
});

test("what Redis refuses is store_unavailable, with the refusal as its cause", async () => {
  const cause = new Error("OOM command not allowed when used memory > 'maxmemory'.");
  const call = createBoundedCalls().run("ask", 100, async () => {
    throw cause;
  });
  await expect(call).rejects.toMatchObject({ code: "store_unavailable", cause });
});

test("past the limit of pending calls they are refused at once, also after the first were given up", async () => {
  const calls = createBoundedCalls();
  const pending = Array.from({ length: MAX_CALLS_PENDING }, () =>
    calls.run("ask", 100, () => new Promise(() => undefined)).catch(() => undefined),
  );
  await vi.advanceTimersByTimeAsync(100);
  await Promise.all(pending);
  await expect(calls.run("ask", 100, async () => "answer")).rejects.toMatchObject({
    code: "store_unavailable",
  });
});
