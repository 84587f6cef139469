import { describe, expect, it } from "vitest";
import { foldRun, textOf } from "../../src/core/index.ts";
import { createA2aProjection } from "../../src/projections/a2a/index.ts";
import { framesOfRun } from "../../src/projections/index.ts";
import type { Frame } from "../../src/projections/index.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { generateRun } from "./generated-run.ts";
import { GOLDEN_EVENTS, GOLDEN_RUN } from "./golden-run.ts";
import { testOpeningLaws } from "./opened-at-laws.ts";
import { testProjectionLaws } from "./projection-laws.ts";
import { renderTask } from "./render-task.ts";
import type { TaskUpdate } from "./render-task.ts";

const projection = createA2aProjection(7);

function rendered(frames: readonly Frame[]) {
  return renderTask(frames.map(({ data }) => data["result"] as TaskUpdate));
}

describe("a run as an A2A task", () => {
  testProjectionLaws(projection);
  testOpeningLaws(projection, (frames) => {
    const { text, states } = rendered(frames);
    return [text, states.at(-1)];
  });

  it("says what is stored, whatever was withdrawn on the way", () => {
    for (let seed = 0; seed < 200; seed++) {
      const { run, events } = generateRun(seededRandom(seed));
      expect(rendered(framesOfRun(projection, run, events)).text, `seed ${seed}`).toBe(
        textOf(foldRun(events)),
      );
    }
  });

  it("tells a run with a crash, a tool and a person's leave as it is on file", async () => {
    const frames = framesOfRun(projection, GOLDEN_RUN, GOLDEN_EVENTS);
    const lines = frames.map(({ data }) => JSON.stringify(data["result"])).join("\n");
    await expect(`${lines}\n`).toMatchFileSnapshot("golden/a2a.txt");
  });
});
