import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { CELLS, matrixTable, STORES } from "./matrix/cells.ts";
import { FAULTS } from "./matrix/faults.ts";
import { PHASES } from "./matrix/phases.ts";
import { ENGINE_LAWS, STORE_LAWS } from "../src/testing/index.ts";

const SPEC = readFileSync("SPEC.md", "utf8");
const LAWS = Array.from({ length: 14 }, (_, index) => `L${index + 1}`);

/** The tests that a law's section names. */
function testsOf(law: string): { readonly file: string; readonly name: string }[] {
  const section = SPEC.split(/^## /m).find((part) => part.startsWith(`${law} `)) ?? "";
  return [...section.matchAll(/^- `([^`]+)` · (.+)$/gm)].map(([, file = "", name = ""]) => ({ file, name }));
}

/** Lines without what the formatter makes of tables and lists. */
function bare(text: string = ""): string[] {
  return text
    .replace(/ +/g, " ")
    .replace(/-{3,}/g, "---")
    .split("\n")
    .filter((line) => line !== "");
}

describe("SPEC.md", () => {
  test.each(LAWS)("%s is held by at least one test", (law) => {
    expect(testsOf(law).length).toBeGreaterThan(0);
  });

  test.each(LAWS.flatMap((law) => testsOf(law).map(({ file, name }) => [law, file, name] as const)))(
    "%s: %s has a test %s",
    (_law, file, name) => {
      expect(readFileSync(file, "utf8")).toContain(name);
    },
  );

  test("shows the matrix as the tests have it, every fault in every phase on every store or a reason", () => {
    const shown = /<!-- matrix -->\n\n([\s\S]*?)\n\n<!-- \/matrix -->/.exec(SPEC)?.[1];
    expect(bare(shown)).toEqual(bare(matrixTable()));
    for (const fault of FAULTS) {
      for (const store of STORES) {
        const cells = CELLS.filter((cell) => cell.fault === fault && cell.store === store);
        const covered = cells.length === PHASES.length || typeof fault.stores[store] === "string";
        expect(covered, `${fault.name} on ${store}`).toBe(true);
      }
    }
  });

  test("names every law of a port under its own law", () => {
    const missing = [...STORE_LAWS, ...ENGINE_LAWS]
      .filter(({ id }) => /^L\d/.test(id))
      .filter(({ id }) => !testsOf(id.split(".")[0]!).some(({ name }) => name === id))
      .map(({ id }) => id);
    expect(missing).toEqual([]);
  });
});
