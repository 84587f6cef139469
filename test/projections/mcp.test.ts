import { describe, expect, it } from "vitest";
import { foldRun, textOf } from "../../src/core/index.ts";
import { createMcpProjection } from "../../src/projections/mcp/index.ts";
import { framesOfRun } from "../../src/projections/index.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { generateRun } from "./generated-run.ts";
import { testProjectionLaws } from "./projection-laws.ts";

const projection = createMcpProjection({ id: 3, progressToken: "p" });

interface Answer {
  readonly params?: { readonly progress: number };
  readonly result?: { readonly content: readonly { readonly text: string }[]; readonly isError?: boolean };
}

describe("a run as the answer to an MCP call", () => {
  testProjectionLaws(projection);

  it("makes progress that only grows, and ends with the stored text", () => {
    for (let seed = 0; seed < 200; seed++) {
      const { run, events } = generateRun(seededRandom(seed));
      const answers = framesOfRun(projection, run, events).map(({ data }) => data as Answer);
      const progress = answers.flatMap(({ params }) => (params ? [params.progress] : []));
      expect(progress, `seed ${seed}`).toEqual(progress.map((_, index) => index + 1));
      const { result } = answers.at(-1)!;
      const stored = textOf(foldRun(events));
      if (!result!.isError || stored !== "") expect(result!.content[0]!.text, `seed ${seed}`).toBe(stored);
      expect(answers.filter((answer) => answer.result)).toHaveLength(1);
    }
  });

  it("says nothing before the result to a client that did not ask for progress", () => {
    const { run, events } = generateRun(seededRandom(1));
    expect(framesOfRun(createMcpProjection({ id: 3, progressToken: undefined }), run, events)).toHaveLength(
      1,
    );
  });
});
