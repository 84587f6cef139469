import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildConsole } from "../../scripts/build-console.ts";
import { PREPARE_LIMIT_MS, startChromium } from "../support/chromium.ts";
import {
  ask,
  begun,
  expectExactEnd,
  keepPicture,
  openConsole,
  openConsoleServer,
  textReaches,
} from "./console-scene.ts";
import type { ConsoleServer } from "./console-scene.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let browser: Browser;
let server: ConsoleServer;

beforeAll(async () => {
  await buildConsole();
  browser = await startChromium();
  server = await openConsoleServer();
}, PREPARE_LIMIT_MS);

afterAll(async () => {
  await browser.close();
  await server.close();
});

/** What axe finds that keeps people out. */
async function barriers(page: Page): Promise<readonly string[]> {
  await page.addScriptTag({ content: AXE });
  const { violations, passes } = await page.evaluate<AxeResults>("axe.run()");
  // A check that sees nothing finds nothing.
  expect(passes.length).toBeGreaterThan(20);
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`));
}

const LOOKS: readonly (readonly [string, BrowserContextOptions])[] = [
  ["light", { colorScheme: "light", viewport: { width: 1280, height: 860 } }],
  ["dark", { colorScheme: "dark", viewport: { width: 1280, height: 860 } }],
  ["phone", { colorScheme: "light", viewport: { width: 375, height: 740 }, hasTouch: true }],
];

describe("who can use the console", { timeout: 90_000 }, () => {
  it.each(LOOKS)("axe finds no barrier, %s", async (look, options) => {
    // Axe is put into the page, which its content security policy rightly refuses.
    const { page } = await openConsole(browser, server, {
      ...options,
      bypassCSP: true,
      reducedMotion: "reduce",
    });
    await page.getByRole("button", { name: "Show me in ten seconds" }).waitFor();
    await keepPicture(page, `welcome-${look}`);
    expect(await barriers(page)).toEqual([]);

    const id = await ask(page);
    await textReaches(page, 300);
    await page.getByRole("button", { name: "Pull the plug" }).click();
    await page.getByText("Unplugged after").waitFor();
    await keepPicture(page, `cut-${look}`);
    expect(await barriers(page)).toEqual([]);
    await page.getByRole("button", { name: "Put the plug back" }).click();
    await expectExactEnd(page, server, id);
    await keepPicture(page, `ended-${look}`);
    expect(await barriers(page)).toEqual([]);

    await page.getByRole("button", { name: "Inspect" }).click();
    await page.getByRole("region", { name: "Timeline" }).waitFor();
    await page.locator(".entries summary").nth(3).click();
    await keepPicture(page, `inspector-${look}`);
    expect(await barriers(page)).toEqual([]);
    await page.keyboard.press("Escape");
    expect(await focusedName(page)).toBe("Inspect");
  });

  it("asks for approval without a barrier", async () => {
    const { page } = await openConsole(browser, server, { bypassCSP: true });
    await page.getByLabel("Agent").selectOption("Clerk");
    await ask(page, "Refund A-17");
    await page.getByRole("region", { name: "May refund be called?" }).waitFor();
    expect(await barriers(page)).toEqual([]);
  });

  it("nothing is wider than a phone", async () => {
    const { page } = await openConsole(browser, server, { viewport: { width: 375, height: 740 } });
    const isTooWide = "document.documentElement.scrollWidth > innerWidth";
    await page.getByRole("button", { name: "Show me in ten seconds" }).waitFor();
    expect(await page.evaluate(isTooWide)).toBe(false);
    const id = await ask(page);
    await expectExactEnd(page, server, id);
    expect(await page.evaluate(isTooWide)).toBe(false);
  });

  it("everything can be done by keyboard alone", async () => {
    const { page, expectNoOffence } = await openConsole(browser, server);
    await page.getByRole("button", { name: "Show me in ten seconds" }).waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.keyboard.type("Plan a 3-day trip to Tokyo");
    await page.keyboard.press("Enter");
    const id = await begun(page);
    await reach(page, "Pull the plug");
    await page.keyboard.press("Enter");
    await page.getByText("Unplugged after").waitFor();
    expect(await focusedName(page)).toBe("Put the plug back");
    await page.keyboard.press("Enter");
    await expectExactEnd(page, server, id);
    await reach(page, "Inspect");
    await page.keyboard.press("Enter");
    await page.getByRole("complementary", { name: "Run 1" }).waitFor();
    expect(await focusedName(page)).toBe("Run 1");
    await page.keyboard.press("Escape");
    expect(await focusedName(page)).toBe("Inspect");
    expectNoOffence();
  });

  it("the live region tells milestones, never the growing text", async () => {
    const { page } = await openConsole(browser, server);
    await page.evaluate(WATCH_STATUS);
    const id = await ask(page);
    await expectExactEnd(page, server, id);
    const told = await page.evaluate<string[]>("globalThis.told");
    expect(told).toEqual(["TravelPlanner is answering.", "TravelPlanner has answered."]);
  });
});

const WATCH_STATUS = `{
  globalThis.told = [];
  const region = document.querySelector('.visually-hidden[role="status"]');
  new MutationObserver(() => {
    if (region.textContent !== "") globalThis.told.push(region.textContent);
  }).observe(region, { childList: true, characterData: true, subtree: true });
}`;

/** The most keys that a way through the page may take. */
const MAX_TABS = 60;

async function reach(page: Page, name: string): Promise<void> {
  for (let tabs = 0; tabs < MAX_TABS; tabs++) {
    await page.keyboard.press("Tab");
    if ((await focusedName(page)) === name) return;
  }
  throw new Error(`${MAX_TABS} times Tab do not lead to ${name}.`);
}

function focusedName(page: Page): Promise<string> {
  return page.evaluate("document.activeElement?.textContent?.trim() ?? ''");
}
