import fc from "fast-check";
import { expect, it } from "vitest";
import { cursorOf } from "../../src/core/index.ts";
import { framesOfRun, openedAt } from "../../src/projections/index.ts";
import type { Frame, OpenableProjection } from "../../src/projections/index.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { generateRun } from "./generated-run.ts";

/**
 * The laws of projections that can begin in the middle: registers their tests. Whoever puts together what it is told, from
 * wherever it began, has the same in the end. `rendered` is a client, in short.
 */
export function testOpeningLaws<State>(
  projection: OpenableProjection<State>,
  rendered: (frames: readonly Frame[]) => unknown,
): void {
  it(`${projection.name}: begun anywhere, a stream leads to the same end`, () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(200), fc.boolean(), (seed, place, resumed) => {
        const { run, events } = generateRun(seededRandom(seed));
        const at = cursorOf(events[place % events.length]!);
        const whole = framesOfRun(projection, run, events);
        const rest = framesOfRun(openedAt(projection, { at, resumed }), run, events);
        expect(rest.length).toBeGreaterThan(0);
        expect(rendered(rest)).toEqual(rendered(whole));
      }),
      { numRuns: 300 },
    );
  });
}
