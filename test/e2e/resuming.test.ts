import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildConsole } from "../../scripts/build-console.ts";
import { eventually } from "../../src/testing/index.ts";
import { PREPARE_LIMIT_MS, startChromium } from "../support/chromium.ts";
import {
  ask,
  begun,
  expectExactEnd,
  fact,
  keepPicture,
  openConsole,
  openConsoleServer,
  PATIENCE_MS,
  shownText,
  textReaches,
} from "./console-scene.ts";
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

/** Waits until the server has stored more than this of the answer, whoever reads it. */
async function serverGoesBeyond(conversationId: string, cursor: string): Promise<void> {
  await eventually(`the run goes on after ${cursor}`, async () => {
    const status = await server.client.status({ agent: "TravelPlanner", conversationId });
    return seqOf(status.cursor) > seqOf(cursor) + 20;
  });
}

function seqOf(cursor: string): number {
  return Number(cursor.split("-")[1]);
}

describe("the console, in a real browser", { timeout: 90_000 }, () => {
  it("shows an answer while it grows, and says at its end that it is exact", async () => {
    const { page, expectNoOffence } = await openConsole(browser, server);
    const id = await ask(page);
    await textReaches(page, 100);
    await textReaches(page, 600);
    await keepPicture(page, "streaming");
    await expectExactEnd(page, server, id);
    expect(await fact(page, "reconnects")).toBe("0");
    expectNoOffence();
  });

  it("goes on exactly where the plug was pulled", async () => {
    const { page, expectNoOffence } = await openConsole(browser, server);
    const id = await ask(page);
    await textReaches(page, 300);
    await page.getByRole("button", { name: "Pull the plug" }).click();
    await page.getByText("Unplugged after").waitFor();
    const [cursor, text] = [await fact(page, "cursor"), await shownText(page)];
    await serverGoesBeyond(id, cursor);
    expect(await shownText(page)).toBe(text);
    expect(await fact(page, "cursor")).toBe(cursor);
    await keepPicture(page, "unplugged");
    await page.getByRole("button", { name: "Put the plug back" }).click();
    await page.getByText(`Went on after ${cursor}`).waitFor();
    await expectExactEnd(page, server, id);
    expect(Number(await fact(page, "reconnects"))).toBeGreaterThanOrEqual(1);
    await keepPicture(page, "exact");
    expectNoOffence();
  });

  it("asks the server for nothing while the plug is pulled", async () => {
    const { page } = await openConsole(browser, server);
    const id = await ask(page);
    await page.getByRole("button", { name: "Pull the plug" }).click();
    await page.getByText("Unplugged after").waitFor();
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await serverGoesBeyond(id, await fact(page, "cursor"));
    expect(asked).toEqual([]);
  });

  it("sends what was written while the plug was pulled once it is back", async () => {
    const { page } = await openConsole(browser, server);
    const id = await ask(page, "A day in Rome");
    await expectExactEnd(page, server, id);
    await page.getByRole("button", { name: "Pull the plug" }).click();
    await page.getByLabel(/^Message to/).fill("Make it two days");
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByText("On its way…").waitFor();
    await page.getByRole("button", { name: "Put the plug back" }).click();
    await page.getByRole("article", { name: "TravelPlanner, run 2" }).waitFor();
    await expectExactEnd(page, server, id);
    const { runs } = await server.client.history(id);
    expect(runs.map(({ message }) => message)).toEqual(["A day in Rome", "Make it two days"]);
  });

  it("goes on after a reload in the middle of an answer", async () => {
    const { page, expectNoOffence } = await openConsole(browser, server);
    const id = await ask(page);
    await textReaches(page, 300);
    await page.reload();
    await textReaches(page, 300);
    // On a slow machine the answer may have ended before the page was back.
    const ended = page.getByText("All there is was read.");
    await page.getByText("Came in the middle").or(ended).waitFor();
    await expectExactEnd(page, server, id);
    expectNoOffence();
  });

  it("shows the same run in a second window", async () => {
    const { page, context, expectNoOffence } = await openConsole(browser, server);
    const id = await ask(page);
    await textReaches(page, 200);
    const opened = context.waitForEvent("page");
    await page.getByRole("link", { name: "Open in a second window" }).click();
    const second = await opened;
    expect(await begun(second)).toBe(id);
    const stored = await expectExactEnd(second, server, id);
    expect(await expectExactEnd(page, server, id)).toBe(stored);
    expect(await shownText(second)).toBe(await shownText(page));
    expectNoOffence();
  });

  it("goes on when the network of the whole browser was away", async () => {
    const { page, context, expectNoOffence } = await openConsole(browser, server);
    const id = await ask(page);
    await textReaches(page, 200);
    await context.setOffline(true);
    const cursor = await fact(page, "cursor");
    await serverGoesBeyond(id, cursor);
    await context.setOffline(false);
    await expectExactEnd(page, server, id);
    await expect.poll(() => page.getByRole("alert").count()).toBe(0);
    expectNoOffence();
  });

  it("withdraws and writes again what a killed server left half done, and leaves no error", async () => {
    const { page, expectNoOffence } = await openConsole(browser, server);
    const id = await ask(page);
    await textReaches(page, 400);
    await server.process.kill("SIGKILL");
    await page.getByText("The server cannot be reached").waitFor();
    await keepPicture(page, "server-killed");
    await server.process.restart();
    await expectExactEnd(page, server, id);
    expect(Number(await fact(page, "reconnects"))).toBeGreaterThanOrEqual(1);
    expect(await page.getByRole("alert").count()).toBe(0);
    expect(await page.locator(".failure, .problem, .inexact").count()).toBe(0);
    await page.getByRole("button", { name: "Inspect" }).click();
    await page.getByText("Step 3 withdrawn: interrupted").waitFor();
    await keepPicture(page, "inspector");
    expectNoOffence();
  });

  it("stops an answer when it is told to", async () => {
    const { page } = await openConsole(browser, server);
    const id = await ask(page);
    await textReaches(page, 200);
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText("Stopped.", { exact: true }).waitFor();
    await expectExactEnd(page, server, id);
    const status = await server.client.status({ agent: "TravelPlanner", conversationId: id });
    expect(status.status).toBe("Canceled");
    expect(await page.getByRole("button", { name: "Stop" }).count()).toBe(0);
  });

  it("shows by itself what a cut does", async () => {
    const { page, expectNoOffence } = await openConsole(browser, server);
    await page.getByRole("button", { name: "Show me in ten seconds" }).click();
    const id = await begun(page);
    await page.getByText("Pulled. The agent writes on").waitFor();
    await page.getByText("nothing lost, nothing twice").waitFor({ timeout: PATIENCE_MS });
    await expectExactEnd(page, server, id);
    expectNoOffence();
  });

  it("goes on with a conversation, and lists it", async () => {
    const { page, expectNoOffence } = await openConsole(browser, server);
    const id = await ask(page, "A day in Rome");
    await expectExactEnd(page, server, id);
    await page.getByLabel(/^Message to/).fill("Make it two days");
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByRole("article", { name: "TravelPlanner, run 2" }).waitFor();
    await expectExactEnd(page, server, id);
    await page.getByRole("button", { name: "New" }).click();
    await page
      .getByRole("link", { name: /^A day in Rome/ })
      .first()
      .click();
    await page.getByRole("article", { name: "TravelPlanner, run 1" }).waitFor();
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByRole("button", { name: "Delete for good" }).click();
    await page.getByRole("heading", { level: 1, name: "Pull the plug" }).waitFor();
    await page.goto(`/#/c/${id}`);
    await page.getByRole("heading", { name: "This conversation is not here" }).waitFor();
    expectNoOffence();
  });
});
