import { describe } from "vitest";
import { unchanged } from "../../src/projections/index.ts";
import type { RunProjection } from "../../src/projections/index.ts";
import { testProjectionLaws } from "./projection-laws.ts";

/** Tells of text and of what is withdrawn, and numbers the parts it has told of: a state that a withdrawal changes. */
const NUMBERED_PARTS: RunProjection<{ readonly parts: number; readonly open: boolean }> = {
  name: "numbered-parts",
  start: ({ agent }) => ({ state: { parts: 0, open: false }, frames: [{ data: { begins: agent } }] }),
  reduce(state, event) {
    const { parts, open } = state;
    if (event.type === "text-start") {
      return { state: { parts: parts + 1, open: true }, frames: [{ data: { part: parts } }] };
    }
    if (event.type === "text-delta") {
      return { state, frames: [{ event: "text", data: { part: parts, delta: event.delta } }] };
    }
    if (event.type === "step-end") return { state: { parts, open: false }, frames: [] };
    if (event.type === "step-reset") {
      const frames = open ? [{ data: { withdrawn: parts } }, { data: {} }] : [];
      return { state: { parts, open: false }, frames };
    }
    return event.type === "run-completed" ? { state, frames: [{ data: { ends: parts } }] } : unchanged(state);
  },
  numbered: (data, index) => ({ ...data, sequence_number: index }),
};

describe("a run as a protocol tells it", () => {
  testProjectionLaws(NUMBERED_PARTS);
});
