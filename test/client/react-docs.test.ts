import { page } from "../support/page.ts";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { cleanup, fireEvent, render } from "@testing-library/react";
import { createElement } from "react";
import type { ComponentType } from "react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import * as z from "zod";
import { defineTool } from "../../src/define-agent.ts";
import { eventually } from "../../src/testing/index.ts";
import { openServer } from "../support/holdfast-server.ts";
import { turnsAgent } from "../support/test-agents.ts";
import type { Move } from "../support/test-agents.ts";

// The code of docs/react.md, run as it stands there.

const EXAMPLES = [...readFileSync("docs/react.md", "utf8").matchAll(/```(tsx?)\n([\s\S]*?)```/g)].map(
  ([, language = "", code = ""]) => ({ language, code }),
);
const DIRECTORY = join("test-results", `react-docs-${process.pid}`);

beforeEach(() => void mkdirSync(DIRECTORY, { recursive: true }));
afterEach(() => {
  cleanup();
  vi.restoreAllMocks();
  rmSync(DIRECTORY, { recursive: true, force: true });
});

/** Loads an example as it stands, but for where the server is and where the package lies. */
async function loadExample(index: number, url: string): Promise<Readonly<Record<string, unknown>>> {
  const { language, code } = EXAMPLES[index]!;
  const source = (path: string) => JSON.stringify(pathToFileURL(path).href);
  const file = join(DIRECTORY, `example-${index}.${language}`);
  writeFileSync(
    file,
    code
      .replaceAll("http://localhost:7071", url)
      .replace('"holdfast/react"', source("src/client/react/index.ts"))
      .replace('"holdfast/client"', source("src/client/index.ts")),
  );
  return (await import(join(process.cwd(), file))) as Readonly<Record<string, unknown>>;
}

async function openPlanner(...turns: readonly (readonly Move[])[]): Promise<string> {
  const book = defineTool({ inputSchema: z.object({}), needsApproval: true, execute: () => "booked" });
  const { definition } = turnsAgent(turns, { name: "TravelPlanner", tools: { book } });
  return (await openServer({ agents: [definition] })).url;
}

it("asks, is asked, and shows the answer", async () => {
  const call: Move = { type: "tool-call", callId: "c", name: "book", input: {} };
  const { Chat } = await loadExample(0, await openPlanner(["Booking. ", call], ["Done."]));
  const { getByLabelText, getByText, findByText, container } = render(createElement(Chat as ComponentType));
  fireEvent.change(getByLabelText("Message"), { target: { value: "Book it." } });
  fireEvent.submit(container.querySelector("form")!);
  fireEvent.click(await findByText("Yes", {}, { timeout: 5_000 }));
  const status = () => page.document.querySelector("output")?.textContent;
  await eventually("it is done", () => status() === "done");
  expect(getByText(/^Booking\.\s+Done\.$/)).toBeDefined();
  expect(getByText("Book it.")).toBeDefined();
});

it("shows the answer without React", async () => {
  const log = vi.spyOn(console, "log").mockReturnValue();
  await loadExample(1, await openPlanner(["Day 1: ", "Trastevere."]));
  await eventually("it is printed", () => log.mock.calls.length === 1);
  expect(log).toHaveBeenCalledWith("Day 1: Trastevere.");
});

it("has no example that is not run", () => {
  expect(EXAMPLES).toHaveLength(2);
});
