import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { MAX_BYTES_WAITING, MAX_STALL_MS, streamResponse } from "./stream-response.ts";
import type { StreamOutput, StreamSource } from "./stream-source.ts";

/** A source that pushes a piece whenever there is room, for ever. */
function endlessSource(piece: string) {
  const state = { full: 0, stopped: false };
  let output: StreamOutput | undefined;
  function push(): void {
    for (let hasRoom = true; hasRoom;) hasRoom = output?.write(piece) ?? false;
    state.full += 1;
  }
  const source: StreamSource = {
    start(to) {
      output = to;
      push();
    },
    resume: push,
    stop() {
      state.stopped = true;
    },
  };
  return { source, state };
}

describe("the body of a stream, for a host that reads it", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test("cuts a reader that takes nothing for too long, and tells the source", async () => {
    const { source, state } = endlessSource("x".repeat(MAX_BYTES_WAITING / 4));
    const reader = streamResponse(source, { contentType: "text/plain" }, {}).body!.getReader();
    await reader.read();
    await vi.advanceTimersByTimeAsync(MAX_STALL_MS - 1);
    expect(state.stopped).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(state.stopped).toBe(true);
    await expect(reader.read()).rejects.toThrow("The client takes too long.");
  });

  test("lets a slow reader be, as long as it takes something", async () => {
    const { source, state } = endlessSource("x".repeat(MAX_BYTES_WAITING / 4));
    const reader = streamResponse(source, { contentType: "text/plain" }, {}).body!.getReader();
    for (let reads = 0; reads < 20; reads++) {
      expect((await reader.read()).done).toBe(false);
      await vi.advanceTimersByTimeAsync(MAX_STALL_MS / 2);
    }
    expect(state.full).toBeGreaterThan(1);
    expect(state.stopped).toBe(false);
    await reader.cancel();
    expect(state.stopped).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  test("does not begin before somebody reads, and holds no more than its limit", async () => {
    const piece = MAX_BYTES_WAITING / 4;
    const { source, state } = endlessSource("x".repeat(piece));
    const { body } = streamResponse(source, { contentType: "text/plain" }, {});
    await vi.advanceTimersByTimeAsync(MAX_STALL_MS);
    expect(state.full).toBe(0);
    const reader = body!.getReader();
    for (let reads = 0; reads < 4; reads++) await reader.read();
    expect(state.full).toBe(1);
    await reader.cancel();
  });
});
