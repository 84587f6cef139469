import { expect, test } from "vitest";
import { findingFromOutput, MAXIMUM_FINDING_LINES, MAXIMUM_LINE_CHARACTERS } from "./turn.ts";

test.each([
  [
    "lines of text without their bullets",
    { type: "text", value: "- one\n2. two\n\n* three" },
    ["one", "two", "three"],
  ],
  ["a summary alone", { type: "json", value: { summary: "Warm and dry.", high: 30 } }, ["Warm and dry."]],
  [
    "named items of a list",
    { type: "json", value: [{ title: "Fair", place: "Park" }, "Parade"] },
    ["**Fair** — Park", "Parade"],
  ],
  [
    "a note after a list",
    { type: "json", value: { events: [{ name: "Fair" }], note: "Usual." } },
    ["**Fair**", "_Usual._"],
  ],
  [
    "plain fields by their names",
    { type: "json", value: { high: 30, sky: "clear", none: null } },
    ["high: 30, sky: clear"],
  ],
  [
    "the text parts of content",
    { type: "content", value: [{ type: "text", text: "Hi" }, { type: "custom" }] },
    ["Hi"],
  ],
] as const)("reads %s", (_name, output, lines) => {
  expect(findingFromOutput(output as Parameters<typeof findingFromOutput>[0])).toEqual({
    kind: "found",
    lines,
  });
});

test("has nothing to say of empty and failed results", () => {
  for (const output of [
    { type: "text", value: " " },
    { type: "json", value: null },
    { type: "error-json", value: {} },
  ] as const) {
    expect(findingFromOutput(output)).toEqual({ kind: "unavailable" });
  }
});

test("takes only so much of a huge result", () => {
  const finding = findingFromOutput({ type: "text", value: `${"x".repeat(10_000)}\n`.repeat(1_000) });
  const lines = finding.kind === "found" ? finding.lines : [];
  expect(lines).toHaveLength(MAXIMUM_FINDING_LINES);
  expect(lines[0]).toHaveLength(MAXIMUM_LINE_CHARACTERS);
});
