import fc from "fast-check";
import { expect, it } from "vitest";
import { createHoldfastClient } from "../../src/client/index.ts";
import type { MessagePart } from "../../src/client/react/index.ts";
import { NOTHING_SAID, takeEvent } from "../../src/client/react/transcript.ts";
import type { Transcript } from "../../src/client/react/transcript.ts";
import { cursorOf, parseCursor } from "../../src/core/index.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { generateLog, textAt } from "./generated-log.ts";
import { FAULTS, replayingTransport } from "./replaying-transport.ts";
import type { Fault } from "./replaying-transport.ts";

const SCENES = fc.record({
  seed: fc.integer(),
  faults: fc.array(fc.constantFrom<Fault>(...FAULTS), { maxLength: 10 }),
  reload: fc.integer({ min: 1, max: 20 }),
});

const LIMITS = {
  backOff: { firstMs: 1, limitMs: 2 },
  maxFailures: 1_000,
  maxHoles: 1_000,
  silenceMs: 15,
};

const textsOf = (parts: readonly MessagePart[]) =>
  parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("");

it("shows of every run what the log says at each entry, over cuts and reloads at any of them", async () => {
  await fc.assert(
    fc.asyncProperty(SCENES, async ({ seed, faults, reload }) => {
      const log = generateLog(seededRandom(seed));
      const places = new Map(log.events.map((event, index) => [`${event.attempt}-${event.seq}`, index]));
      const transport = replayingTransport(log, faults, seededRandom(seed ^ 0x5eed));
      const client = createHoldfastClient({ baseUrl: "http://replay", fetch: transport.fetch });
      let transcript = NOTHING_SAID;
      let taken = 0;
      for await (const { event, cursor } of client.follow("c", { limits: LIMITS })) {
        transcript = takeEvent(transcript, parseCursor(cursor), event);
        taken += 1;
        // What is kept over a reload is all that there is.
        if (taken % reload === 0) transcript = JSON.parse(JSON.stringify(transcript)) as typeof transcript;
        const place = places.get(cursor)!;
        for (const { run, text, parts } of transcript.runs) {
          expect(text).toBe(textAt(log.events, run, place + 1));
          expect(textsOf(parts)).toBe(text);
        }
      }
      expect(transcript.runs.map(({ run, text }) => [run, text])).toEqual([...log.texts]);
      expect(transcript.runs.every(({ outcome }) => outcome.state !== "streaming")).toBe(true);
    }),
    { numRuns: 200 },
  );
});

it("runs that were told already are passed over when the stream tells them again", () => {
  const { events } = generateLog(seededRandom(3));
  const take = (transcript: Transcript) =>
    events.reduce((before, event) => takeEvent(before, cursorOf(event), event), transcript);
  const once = take(NOTHING_SAID);
  expect(once.runs.length).toBeGreaterThan(0);
  expect(take(once)).toEqual(once);
});
