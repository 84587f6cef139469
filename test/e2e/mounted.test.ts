import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { buildConsole } from "../../scripts/build-console.ts";
import { createMemoryStore } from "../../src/adapters/memory/index.ts";
import { createHoldfast } from "../../src/holdfast.ts";
import { serveNode } from "../../src/http/hosts/node-host.ts";
import { mountAt } from "../../src/http/mount-at.ts";
import { PREPARE_LIMIT_MS, startChromium } from "../support/chromium.ts";
import { scriptAgent } from "../support/test-agents.ts";

let browser: Browser;

beforeAll(async () => {
  await buildConsole();
  browser = await startChromium();
}, PREPARE_LIMIT_MS);

afterAll(() => browser.close());

/** A server that has Holdfast below a path, and nothing else. */
async function hostWithHoldfastBelow(path: string): Promise<string> {
  const agents = [scriptAgent(["Hello ", "from below."], { name: "Below" })];
  const holdfast = createHoldfast({ agents, store: createMemoryStore() });
  const host = await serveNode(mountAt(path, holdfast.fetch), { hostname: "127.0.0.1", port: 0 });
  onTestFinished(async () => {
    await holdfast.stop({ graceMs: 0 });
    await host.close(0);
  });
  return `http://127.0.0.1:${host.port}`;
}

describe("the console of an app that mounts Holdfast", () => {
  it.each(["/team/agents/", "/team/agents"])("works at %s", async (address) => {
    const origin = await hostWithHoldfastBelow("/team/agents");
    const context = await browser.newContext();
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const astray: string[] = [];
    page.on("response", (response) => {
      if (response.status() >= 400) astray.push(response.url());
    });
    await page.goto(origin + address);
    await page.getByLabel("Message to Below").fill("Go.");
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByText("Hello from below.").waitFor();
    await page.reload();
    await page.getByText("Hello from below.").waitFor();
    expect(astray).toEqual([]);
  });
});
