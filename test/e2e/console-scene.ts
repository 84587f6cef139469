import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";
import { createHoldfastClient } from "../../src/client/index.ts";
import type { HoldfastClient } from "../../src/client/index.ts";
import { startServe } from "../support/serve-process.ts";
import type { ServeProcess } from "../support/serve-process.ts";

/** Slow enough to be cut in the middle, fast enough to wait for the end. */
const CHUNKS_PER_SECOND = "150";

export const PROMPT = "Plan a 3-day trip to Tokyo";

/** Where pictures of what was seen are kept: beside the tests, outside of the repository. */
const PICTURES = "test-results";

/** A real server, to be asked past the console too. */
export interface ConsoleServer {
  readonly process: ServeProcess;
  readonly client: HoldfastClient;
  close(): Promise<void>;
}

export async function openConsoleServer(): Promise<ConsoleServer> {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-e2e-"));
  const process = await startServe({
    name: "the console's server",
    agents: "test/e2e/agents.ts",
    args: ["--data", directory],
    environment: { HOLDFAST_DEMO_CHUNKS_PER_SECOND: CHUNKS_PER_SECOND, HOLDFAST_LOG_LEVEL: "warn" },
  });
  return {
    process,
    client: createHoldfastClient({ baseUrl: process.url }),
    async close() {
      await process.kill("SIGKILL");
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** A browser window of one's own, and what must not happen in it. */
export interface ConsoleWindow {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Fails when a script failed, the content security policy was offended, or another host was asked for anything. */
  expectNoOffence(): void;
}

/** Opens the console; closed when the test has finished. */
export async function openConsole(
  browser: Browser,
  server: ConsoleServer,
  options: BrowserContextOptions & { readonly at?: string } = {},
): Promise<ConsoleWindow> {
  const { at = "/", ...contextOptions } = options;
  const context = await browser.newContext({ baseURL: server.process.url, ...contextOptions });
  onTestFinished(() => context.close());
  const offences: string[] = [];
  context.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol !== "data:" && origin !== server.process.url) offences.push(`asked ${request.url()}`);
  });
  context.on("page", (each) => {
    each.on("pageerror", (error) => offences.push(String(error)));
    each.on("console", (message) => {
      if (/content security policy|trusted type/i.test(message.text())) offences.push(message.text());
    });
  });
  const page = await context.newPage();
  await page.goto(at);
  return { page, context, expectNoOffence: () => expect(offences).toEqual([]) };
}

/** Asks, and waits until the answer has begun. Gives the conversation's id. */
export async function ask(page: Page, message: string = PROMPT): Promise<string> {
  await page.getByLabel(/^Message to/).fill(message);
  await page.getByRole("button", { name: "Send" }).click();
  return begun(page);
}

export async function begun(page: Page): Promise<string> {
  await page.waitForURL(/#\/c\//);
  await textReaches(page, 1);
  return decodeURIComponent(/#\/c\/(.+)$/.exec(page.url())?.[1] ?? "");
}

/** What the page shows of the latest answer's own words. */
export async function shownText(page: Page): Promise<string> {
  const parts = await page.locator(".answer").last().locator("> .markdown").allTextContents();
  return parts.join("\n");
}

export async function textReaches(page: Page, length: number): Promise<void> {
  await expect
    .poll(async () => (await shownText(page)).length, { timeout: PATIENCE_MS })
    .toBeGreaterThanOrEqual(length);
}

/** How long the console may take for what it does within the length of an answer. */
export const PATIENCE_MS = 30_000;

export function fact(page: Page, name: "cursor" | "reconnects" | "exactness"): Promise<string> {
  return page.locator(`[data-fact="${name}"]`).innerText();
}

/** Waits until the console says that the answer is exact, and makes sure of it ourselves. Gives the stored answer. */
export async function expectExactEnd(
  page: Page,
  { client }: ConsoleServer,
  conversationId: string,
): Promise<string> {
  await expect
    .poll(() => fact(page, "exactness"), { timeout: PATIENCE_MS })
    .toMatch(/^identical, [\d,]+ char/);
  const { runs } = await client.history(conversationId);
  const stored = runs.at(-1)?.response ?? "";
  expect(stored).not.toBe("");
  expect(lettersOf(await shownText(page))).toBe(lettersOf(stored));
  return stored;
}

/** Markdown is shown without its signs: its letters and digits have to be there, each once and in order. */
function lettersOf(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N}]+/gu, "");
}

export async function keepPicture(page: Page, name: string): Promise<void> {
  mkdirSync(PICTURES, { recursive: true });
  await page.screenshot({ path: join(PICTURES, `console-${name}.png`) });
}
