import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { explore } from "./explorer.ts";
import type { Exploration } from "./explorer.ts";
import { FAILOVER_MUTANTS, MUTANTS } from "./mutants.ts";
import { createProtocol } from "./protocol-model.ts";
import { WORLDS } from "./worlds.ts";

const LIMIT_MS = 120_000;

// The stores refuse by throwing, some million times: nobody looks at where.
const { stackTraceLimit } = Error;
beforeAll(() => void (Error.stackTraceLimit = 0));
afterAll(() => void (Error.stackTraceLimit = stackTraceLimit));

describe("every state that can be reached keeps L3 to L7, L9 and L10", () => {
  test.each(WORLDS)("$says", { timeout: LIMIT_MS }, ({ says, world, rules, states }) => {
    const found = explore(createProtocol(world, rules));
    console.log(`${says}: ${found.states} states, ${found.steps} steps, ${found.depth} deep`);
    expect(found.violation && printed(says, found)).toBeUndefined();
    expect(found.states).toBeGreaterThan(states);
  });
});

describe("a rule broken on purpose is found out", () => {
  test.each([...MUTANTS, ...FAILOVER_MUTANTS])(
    "$says",
    { timeout: LIMIT_MS },
    ({ says, breaks, world, rules }) => {
      const found = explore(createProtocol(world, rules));
      console.log(printed(says, found));
      expect(found.violation?.law).toMatch(breaks);
    },
  );
});

function printed(says: string, { violation }: Exploration): string {
  const steps = (violation?.trace ?? []).map((step, index) => `  ${index + 1}. ${step}`);
  return [`${says}: ${violation?.law ?? "nothing was found"}`, ...steps].join("\n");
}
