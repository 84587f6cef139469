import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import * as z from "zod";
import { defineTool } from "../../src/define-agent.ts";
import { eventually } from "../../src/testing/index.ts";
import { openServer } from "../support/holdfast-server.ts";
import { turnsAgent } from "../support/test-agents.ts";

// The code of docs/client.md, run as it stands there.

const EXAMPLES = [...readFileSync("docs/client.md", "utf8").matchAll(/```ts\n([\s\S]*?)```/g)].map(
  ([, code = ""]) => code,
);
const DIRECTORY = join("test-results", `client-docs-${process.pid}`);
const CLIENT = pathToFileURL("src/client/index.ts").href;

beforeEach(() => void mkdirSync(DIRECTORY, { recursive: true }));
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(DIRECTORY, { recursive: true, force: true });
});

async function runExample(index: number): Promise<readonly string[]> {
  const book = defineTool({ inputSchema: z.object({}), needsApproval: true, execute: () => "booked" });
  const { definition } = turnsAgent(
    index === 1
      ? [["Booking. ", { type: "tool-call", callId: "c", name: "book", input: {} }], ["Done."]]
      : [["Day 1: ", "Asakusa."]],
    { name: "TravelPlanner", tools: { book } },
  );
  const server = await openServer({ agents: [definition] });
  const file = join(DIRECTORY, `example-${index}.ts`);
  const code = EXAMPLES[index]!.replaceAll("http://localhost:7071", server.url);
  writeFileSync(file, code.replace(`"holdfast/client"`, JSON.stringify(CLIENT)));
  const lines: string[] = [];
  vi.spyOn(console, "log").mockImplementation((...values) => void lines.push(values.join(" ")));
  await import(join(process.cwd(), file));
  return lines;
}

it("shows the whole answer", async () => {
  expect(await runExample(0)).toEqual(["Day 1: Asakusa."]);
});

it("tells of tool calls and answers approvals", async () => {
  expect(await runExample(1)).toEqual(["calls book", expect.stringMatching(/^done Booking\.\s+Done\.$/)]);
});

it("tells by callbacks", async () => {
  const lines = await runExample(2);
  expect(lines.filter((line) => line.startsWith("connection"))).toEqual([
    "connection connecting",
    "connection live",
    "connection ended",
  ]);
  expect(lines.at(-1)).toBe("ended 15");
});

it("holds on under a fetch and an EventSource of one's own", async () => {
  const lines = await runExample(3);
  await eventually("the EventSource is done", () => lines.length === 2);
  expect(lines).toEqual(["true", "done"]);
});

it("has no example that is not run", () => {
  expect(EXAMPLES).toHaveLength(4);
});
