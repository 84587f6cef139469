import { chromium } from "playwright-core";
import type { Browser } from "playwright-core";
import { findProgram } from "./find-program.ts";

/** How long it may take to get and start a browser and to build what it shows. */
export const PREPARE_LIMIT_MS = 600_000;

/** Starts a real Chromium without a window; whoever starts it closes it. */
export async function startChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: findChromium(),
    // Chromium's sandbox refuses to work for root, as whom containers run.
    chromiumSandbox: process.getuid?.() !== 0,
  });
}

function findChromium(): string {
  return findProgram({
    names: ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
    variable: "HOLDFAST_CHROMIUM",
    debianPackage: "chromium",
    advice:
      "The browser tests need Chromium or Chrome on the PATH, or its path in HOLDFAST_CHROMIUM: apt-get install chromium, or brew install chromium.",
  });
}
