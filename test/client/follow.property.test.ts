import fc from "fast-check";
import { expect, it } from "vitest";
import { createHoldfastClient } from "../../src/client/index.ts";
import type { FollowOptions, FollowUpdate } from "../../src/client/index.ts";
import { cursorOf, isRunEnd } from "../../src/core/index.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { generateLog, textAt } from "./generated-log.ts";
import type { GeneratedLog } from "./generated-log.ts";
import { FAULTS, replayingTransport } from "./replaying-transport.ts";
import type { Fault } from "./replaying-transport.ts";

const RUNS = 400;
const LIMITS: FollowOptions["limits"] = {
  backOff: { firstMs: 1, limitMs: 2 },
  maxFailures: 1_000,
  maxHoles: 1_000,
  silenceMs: 15,
};

const SCENES = fc.record({
  seed: fc.integer(),
  faults: fc.array(fc.constantFrom<Fault>(...FAULTS), { maxLength: 14 }),
});

function clientOf(log: GeneratedLog, faults: readonly Fault[], seed: number) {
  const transport = replayingTransport(log, faults, seededRandom(seed ^ 0x5eed));
  return createHoldfastClient({ baseUrl: "http://replay", fetch: transport.fetch });
}

/** The laws of a reader, over all that it was given. */
function expectLawful(log: GeneratedLog, updates: readonly FollowUpdate[]): void {
  const places = new Map(log.events.map((event, index) => [cursorOf(event) as string, index]));
  let last = -1;
  for (const { cursor, run, text } of updates) {
    const place = places.get(cursor)!;
    // L6: each entry once, in order; L7: what is shown is what the log says at that very entry.
    expect(place).toBeGreaterThan(last);
    expect(text).toBe(textAt(log.events, run, place + 1));
    last = place;
  }
  const ends = updates.filter(({ event }) => isRunEnd(event));
  expect(ends.map(({ run, text }) => [run, text])).toEqual([...log.texts]);
}

it("shows the exact stored text after every entry, and each ending once, whatever happens to its connections", async () => {
  await fc.assert(
    fc.asyncProperty(SCENES, async ({ seed, faults }) => {
      const log = generateLog(seededRandom(seed));
      const following = clientOf(log, faults, seed).follow("c", { limits: LIMITS });
      const updates: FollowUpdate[] = [];
      for await (const update of following) updates.push(update);
      expectLawful(log, updates);
      expect(following.text).toBe([...log.texts.values()].at(-1));
      expect(following.connection).toEqual({ kind: "ended" });
    }),
    { numRuns: RUNS },
  );
});

it("goes on where it was after a reload at any moment, from what the storage keeps", async () => {
  await fc.assert(
    fc.asyncProperty(SCENES, fc.array(fc.nat(8), { maxLength: 5 }), async ({ seed, faults }, reloads) => {
      const log = generateLog(seededRandom(seed));
      const client = clientOf(log, faults, seed);
      const kept = new Map<string, string>();
      const storage = {
        getItem: (key: string) => kept.get(key) ?? null,
        setItem: (key: string, value: string) => void kept.set(key, value),
        removeItem: (key: string) => void kept.delete(key),
      };
      const updates: FollowUpdate[] = [];
      for (const patience of [...reloads, Number.POSITIVE_INFINITY]) {
        const following = client.follow("c", { limits: LIMITS, storage });
        expect(following.text).toBe(updates.at(-1)?.text ?? "");
        let seen = 0;
        for await (const update of following) {
          updates.push(update);
          seen += 1;
          if (seen > patience) break;
        }
        expect(following.connection.kind).toBeOneOf(["ended", "aborted"]);
      }
      expectLawful(log, updates);
    }),
    { numRuns: RUNS / 2 },
  );
});

it("fails, and says so, when the log itself has a hole", async () => {
  const log = generateLog(seededRandom(7));
  const torn = { ...log, events: log.events.toSpliced(2, 1) };
  const following = clientOf(torn, [], 7).follow("c", { limits: { ...LIMITS, maxHoles: 3 } });
  await expect(following.finished()).rejects.toMatchObject({ name: "ClientError", code: "log_gap" });
  expect(following.connection.kind).toBe("failed");
});
