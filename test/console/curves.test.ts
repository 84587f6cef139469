import { describe, expect, test } from "vitest";
import { caughtUp, curvesOf, storedBefore } from "../../web/src/curves.ts";
import type { Recording } from "../../web/src/recording.ts";

/** Ten characters a second, stored by a clock that is an hour behind; cut from 2 s to 4 s, then all that was missed at once. */
function cutRecording(): Recording {
  const arrivals = Array.from({ length: 6 }, (_, index) => {
    const at = (index + 1) * 1_000;
    return {
      storedAt: at - 3_600_000,
      arrivedAt: at > 2_000 && at < 4_000 ? 4_000 : at,
      length: (index + 1) * 10,
    };
  });
  const cuts = [{ at: 2_000, cursor: "1-2", back: 4_000 }];
  return { run: 1, arrivals, cuts, isRewritten: false, endedAt: 6_000 };
}

describe("the curves of a run", () => {
  test("part where there was no connection, and nowhere else", () => {
    const { stored, shown, gaps } = curvesOf(cutRecording(), 6_000)!;
    const heightAt = (curve: typeof stored, x: number): number =>
      curve.findLast((point) => point.x <= x + 1e-9)?.y ?? 0;
    expect(gaps).toEqual([{ from: 0.2, to: 0.6 }]);
    for (const x of [0, 0.1, 0.2, 0.6, 0.8, 1]) expect(heightAt(shown, x)).toBe(heightAt(stored, x));
    expect(heightAt(shown, 0.5)).toBe(heightAt(shown, 0.2));
    expect(heightAt(stored, 0.5)).toBeGreaterThan(heightAt(shown, 0.5));
  });

  test("tell how much came at once when the connection was back", () => {
    expect(caughtUp(cutRecording())).toBe(20);
  });

  test("tell how much was there before the page was", () => {
    const { arrivals, ...rest } = cutRecording();
    const late = arrivals.map((arrival) => ({ ...arrival, arrivedAt: Math.max(4_000, arrival.arrivedAt) }));
    expect(storedBefore({ ...rest, arrivals: late })).toBe(40);
    expect(storedBefore(cutRecording())).toBe(0);
  });

  test("go on flat while nothing comes", () => {
    const recording = { ...cutRecording(), cuts: [], endedAt: undefined };
    expect(curvesOf(recording, 11_000)?.shown.at(-1)).toEqual({ x: 1, y: 1 });
  });

  test("are none before the first entry", () => {
    expect(curvesOf({ ...cutRecording(), arrivals: [] }, 0)).toBeUndefined();
  });
});
