import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { storePlace, openServer } from "../support/holdfast-server.ts";
import { startChromium } from "../support/chromium.ts";
import { openCuttingProxy } from "../support/cutting-proxy.ts";
import { createPuppet } from "../support/test-agents.ts";

const PAGE = pathToFileURL("examples/event-source/index.html");

let browser: Browser;
beforeAll(async () => {
  browser = await startChromium();
});
afterAll(() => browser.close());

/** The page in a real browser, and what its elements say. */
async function openPage(port: number) {
  const page = await browser.newPage();
  onTestFinished(() => page.close());
  const address = new URL(PAGE);
  address.search = new URLSearchParams({ server: `http://127.0.0.1:${port}`, agent: "Puppet" }).toString();
  await page.goto(address.href);
  return {
    ask: () => page.getByRole("button", { name: "Ask" }).click(),
    text: (id: string) => page.locator(`#${id}`).innerText(),
    shows: (id: string, text: string) =>
      page.waitForFunction(([name, wanted]) => document.getElementById(name)?.textContent === wanted, [
        id,
        text,
      ] as const),
  };
}

it("reads an answer over a cut in the middle, shows its cursor, and stops when it is done", async () => {
  const puppet = createPuppet();
  const server = await openServer({ agents: [puppet.definition] });
  const proxy = await openCuttingProxy(server.port);
  const page = await openPage(proxy.port);
  await page.ask();
  puppet.say("Day 1:\n");
  await page.shows("answer", "Day 1:\n");
  const cursor = await page.text("cursor");
  expect(cursor).toMatch(/^1-\d+$/);
  proxy.resetAll();
  puppet.say("Asakusa.");
  await page.shows("answer", "Day 1:\nAsakusa.");
  expect(await page.text("connections")).toBe("2");
  expect(await page.text("cursor")).not.toBe(cursor);
  puppet.end();
  await page.shows("state", "done");
  const { connections } = proxy;
  // Whoever asks anew begins anew.
  puppet.say("Another.");
  puppet.end();
  await page.ask();
  await page.shows("answer", "Another.");
  await page.shows("state", "done");
  expect(await page.text("connections")).toBe("1");
  expect(proxy.connections - connections).toBeLessThanOrEqual(3);
});

it("takes back what a lost worker had said", async () => {
  const puppet = createPuppet();
  const open = await storePlace("sqlite");
  const server = await openServer({ store: await open(), agents: [puppet.definition] });
  const page = await openPage(server.port);
  await page.ask();
  puppet.say("half of ");
  await page.shows("answer", "half of ");
  await server.stop();
  await page.shows("state", "reconnecting");
  await openServer({ store: await open(), agents: [puppet.definition], port: server.port });
  puppet.say("the whole");
  puppet.end();
  await page.shows("state", "done");
  expect(await page.text("answer")).toBe("the whole");
});

it("says why a run failed", async () => {
  const puppet = createPuppet();
  const server = await openServer({ agents: [puppet.definition] });
  const page = await openPage(server.port);
  puppet.say(new TypeError("The model is broken."));
  await page.ask();
  await page.shows("state", "failed: The model failed.");
});
