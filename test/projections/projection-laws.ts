import { createParser } from "eventsource-parser";
import fc from "fast-check";
import { expect, it } from "vitest";
import { compareCursors, cursorOf } from "../../src/core/index.ts";
import type { Cursor, LogEvent } from "../../src/core/index.ts";
import { framesOfRun, parseProjectedCursor, projectRun } from "../../src/projections/index.ts";
import type { ProjectedCursor, RunProjection } from "../../src/projections/index.ts";
import { voidedBy } from "../client/generated-log.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { generateRun } from "./generated-run.ts";
import type { GeneratedRun } from "./generated-run.ts";

/** What a reader got of a stream: ids with data. */
interface Received {
  readonly id: string;
  readonly data: string;
}

const RUNS = 300;

/**
 * The laws of every projection, over random runs: registers their tests. Any prefix and the suffix that resumes it make the
 * whole (L6); what was withdrawn before a reader came is not shown to it (L7).
 */
export function testProjectionLaws<State>(projection: RunProjection<State>): void {
  const scenes = fc.record({ seed: fc.integer(), cuts: fc.array(fc.nat(60), { maxLength: 5 }) });

  it(`${projection.name}: a prefix and the suffix that resumes it are the whole, wherever it is cut`, () => {
    fc.assert(
      fc.property(scenes, ({ seed, cuts }) => {
        const generated = generateRun(seededRandom(seed));
        // A reader that is there from the beginning sees all that is written, as it is written.
        const live = read(projection, generated, { until: generated.events.length, knows: 0 });
        const pieces: Received[] = [];
        for (const cut of [...cuts, Number.POSITIVE_INFINITY]) {
          const received = read(projection, generated, {
            until: generated.events.length,
            knows: 0,
            seen: last(pieces),
          });
          pieces.push(...received.slice(0, cut));
        }
        expect(pieces).toEqual(live);
      }),
      { numRuns: RUNS },
    );
  });

  it(`${projection.name}: a reader that comes late and is cut anywhere, by further crashes too, gets what one sitting gives`, () => {
    fc.assert(
      fc.property(scenes, fc.nat(200), ({ seed, cuts }, arrival) => {
        const generated = generateRun(seededRandom(seed));
        const knows = Math.min(arrival, generated.events.length);
        const sitting = read(projection, generated, { until: generated.events.length, knows });
        const pieces: Received[] = [];
        for (const cut of [...cuts, Number.POSITIVE_INFINITY]) {
          const received = read(projection, generated, {
            until: generated.events.length,
            knows,
            seen: last(pieces),
          });
          pieces.push(...received.slice(0, cut));
        }
        expect(pieces).toEqual(sitting);
      }),
      { numRuns: RUNS },
    );
  });

  it(`${projection.name}: ids grow, and data shows nothing that was withdrawn before the reader came`, () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const generated = generateRun(seededRandom(seed));
        const { run, events } = generated;
        const late = read(projection, generated, { until: events.length, knows: events.length });
        const indexes = late.map(({ id }) => parseProjectedCursor(id).index);
        expect(indexes).toEqual([...new Set(indexes)].toSorted((a, b) => a - b));
        const kept = withoutWithdrawn(events);
        const frames = framesOfRun({ ...projection, numbered: (data) => data }, run, kept);
        expect(late.map(({ data }) => unnumbered(data))).toEqual(
          frames.map(({ data }) => unnumbered(JSON.stringify(data))),
        );
      }),
      { numRuns: RUNS },
    );
  });
}

/** A number that the projection puts into its frames, which the frames of another reader need not share. */
function unnumbered(data: string): unknown {
  const { sequence_number: _, ...rest } = JSON.parse(data) as Record<string, unknown>;
  return rest;
}

function read<State>(
  projection: RunProjection<State>,
  { run, events }: GeneratedRun,
  { knows, seen }: { until: number; knows: number; seen?: ProjectedCursor | undefined },
): readonly Received[] {
  const voided = voidedBy(events.slice(0, knows));
  const stream = projectRun(projection, { run, seen, voided });
  let bytes = stream.opening ?? "";
  for (const [index, event] of events.entries()) bytes += stream.frame(event, index === events.length - 1);
  const received: Received[] = [];
  const parser = createParser({
    onEvent: ({ id = "", data }) => void received.push({ id, data }),
    onError: (error) => {
      throw error;
    },
  });
  parser.feed(bytes);
  return received;
}

function last(pieces: readonly Received[]): ProjectedCursor | undefined {
  const piece = pieces.at(-1);
  return piece && parseProjectedCursor(piece.id);
}

function withoutWithdrawn(events: readonly LogEvent[]): readonly LogEvent[] {
  const ranges = voidedBy(events);
  const isOut = (cursor: Cursor): boolean =>
    ranges.some(({ from, reset }) => compareCursors(from, cursor) <= 0 && compareCursors(cursor, reset) <= 0);
  return events.filter((event) => !isOut(cursorOf(event)));
}
