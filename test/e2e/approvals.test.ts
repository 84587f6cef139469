import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildConsole } from "../../scripts/build-console.ts";
import { PREPARE_LIMIT_MS, startChromium } from "../support/chromium.ts";
import { ask, expectExactEnd, keepPicture, openConsole, openConsoleServer } from "./console-scene.ts";
import type { ConsoleServer } from "./console-scene.ts";

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

async function askFor(page: Page, agent: string, message: string): Promise<string> {
  await page.getByLabel("Agent").selectOption(agent);
  return ask(page, message);
}

describe("the console, with agents that need watching", { timeout: 60_000 }, () => {
  it("lets a person approve a tool call, also after a reload", async () => {
    const { page, expectNoOffence } = await openConsole(browser, server);
    const id = await askFor(page, "Clerk", "Refund A-17");
    const card = page.getByRole("region", { name: "May refund be called?" });
    await card.waitFor();
    await page.reload();
    await card.waitFor();
    await keepPicture(page, "approval");
    await card.getByRole("button", { name: "Approve" }).click();
    await page.getByText(/I was told: .*Refunded A-17/).waitFor();
    await expectExactEnd(page, server, id);
    expect(await card.count()).toBe(0);
    expectNoOffence();
  });

  it("lets a person deny it, and tells the agent why", async () => {
    const { page, expectNoOffence } = await openConsole(browser, server);
    const id = await askFor(page, "Clerk", "Refund A-17");
    const card = page.getByRole("region", { name: "May refund be called?" });
    await card.getByLabel("Reason").fill("It was paid back last week");
    await card.getByRole("button", { name: "Deny" }).click();
    await page.getByText(/I was told: .*It was paid back last week/).waitFor();
    await expectExactEnd(page, server, id);
    expectNoOffence();
  });

  it("folds tool calls, and shows what went in and came out", async () => {
    const { page } = await openConsole(browser, server);
    const id = await ask(page, "A day in Rome");
    await expectExactEnd(page, server, id);
    const call = page.getByRole("article").locator("details", { hasText: "getWeatherForecast" });
    await expect.poll(() => call.getByText('"destination"').first().isVisible()).toBe(false);
    await call.locator("summary").click();
    await call.getByText('"destination"').first().waitFor();
  });

  it("shows a hostile answer as text, and loads nothing of it", async () => {
    const { page, expectNoOffence } = await openConsole(browser, server);
    await askFor(page, "Trickster", "Try");
    const answer = page.getByRole("article", { name: "Trickster, run 1" });
    await answer.getByRole("table").waitFor();
    expect(await answer.locator("script, img, style").count()).toBe(0);
    const addresses = await answer
      .getByRole("link")
      .evaluateAll((links) => links.map((link) => link.getAttribute("href")));
    expect(addresses.every((address) => !address?.startsWith("javascript:"))).toBe(true);
    const good = answer.getByRole("link", { name: "a good one" });
    expect(await good.getAttribute("rel")).toContain("noopener");
    expect(await page.evaluate("globalThis.tricked")).toBeUndefined();
    expectNoOffence();
  });
});
