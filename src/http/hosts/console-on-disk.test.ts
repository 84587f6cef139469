import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, onTestFinished, test } from "vitest";
import { createMemoryStore } from "../../adapters/memory/index.ts";
import { createHoldfast } from "../../holdfast.ts";
import { NO_METRICS, SILENT } from "../../ports/index.ts";
import type { Runtime } from "../../runtime/index.ts";
import type { ConsoleFiles } from "../console-files.ts";
import { createHandler, DEFAULT_HTTP_SETTINGS } from "../handler.ts";
import type { Handler } from "../handler.ts";
import { consoleOnDisk } from "./console-on-disk.ts";

const SCRIPT = `export const text = ${JSON.stringify("console ".repeat(400))};\n`;
const PAGE = "<!doctype html><title>Console</title>\n";

function emptyDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "holdfast-console-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function build(directory: string): void {
  mkdirSync(join(directory, "assets"));
  writeFileSync(join(directory, "assets", "main-1a2b.js"), SCRIPT);
  writeFileSync(join(directory, "assets", "icon-3c4d.svg"), "<svg/>");
  writeFileSync(join(directory, "index.html"), PAGE);
  writeFileSync(join(directory, "secret.txt"), "not to be served");
}

function handlerWith(files: ConsoleFiles): Handler {
  // The console needs nothing of the runtime but somewhere to count requests.
  const runtime = { metrics: NO_METRICS, logger: SILENT } as unknown as Runtime;
  const { signal } = new AbortController();
  return createHandler(runtime, {
    ...DEFAULT_HTTP_SETTINGS,
    console: files,
    draining: signal,
    closing: signal,
  });
}

function builtConsole(): Handler {
  const directory = emptyDirectory();
  build(directory);
  return handlerWith(consoleOnDisk(directory));
}

function get(handler: Handler, path: string, headers: Record<string, string> = {}): Promise<Response> {
  return handler(new Request(`http://holdfast.test${path}`, { headers }));
}

describe("the console over HTTP", () => {
  test("a disk that could not be read once is read again", async () => {
    const directory = emptyDirectory();
    writeFileSync(join(directory, "assets"), "no directory");
    const handler = handlerWith(consoleOnDisk(directory));
    expect((await get(handler, "/")).status).toBe(500);
    rmSync(join(directory, "assets"));
    build(directory);
    expect(await (await get(handler, "/")).text()).toBe(PAGE);
  });

  test("the page lets nothing in but what this server gives, and nothing inline", async () => {
    const response = await get(builtConsole(), "/");
    expect(await response.text()).toBe(PAGE);
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const policy = response.headers.get("content-security-policy") ?? "";
    const directives = policy.split("; ");
    expect(directives).toEqual(
      expect.arrayContaining([
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
      ]),
    );
    expect(policy).not.toContain("unsafe");
  });

  test("the page is asked for again each time, and sent again only when it has changed", async () => {
    const handler = builtConsole();
    const first = await get(handler, "/");
    expect(first.headers.get("cache-control")).toBe("no-cache");
    const etag = first.headers.get("etag") ?? "";
    const again = await get(handler, "/", { "if-none-match": `"another", W/${etag}` });
    expect(again.status).toBe(304);
    expect(again.headers.get("etag")).toBe(etag);
    expect(await again.text()).toBe("");
  });

  test("what the page refers to may be kept for ever", async () => {
    const response = await get(builtConsole(), "/console/assets/main-1a2b.js");
    expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(response.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
    expect(await response.text()).toBe(SCRIPT);
  });

  test.each([
    ["gzip, deflate, br", "gzip"],
    ["br;q=1.0, gzip;q=0.8", "gzip"],
    ["gzip;q=0", null],
    ["identity", null],
  ])("to a client that takes %s it comes as %s", async (accepted, coding) => {
    const handler = builtConsole();
    const response = await get(handler, "/console/assets/main-1a2b.js", { "accept-encoding": accepted });
    expect(response.headers.get("content-encoding")).toBe(coding);
    expect(response.headers.get("vary")).toBe("accept-encoding");
    const bytes = Buffer.from(await response.arrayBuffer());
    expect((coding === null ? bytes : gunzipSync(bytes)).toString()).toBe(SCRIPT);
  });

  test.each(["/console/assets/main-9z9z.js", "/console/assets/..%2fsecret.txt", "/console/assets/%2e%2e"])(
    "there is nothing at %s",
    async (path) => {
      const response = await get(builtConsole(), path);
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ error: { code: "route_not_found" } });
    },
  );

  test("while it is not built the page says how to build it, and finds it when it was", async () => {
    const directory = emptyDirectory();
    const handler = handlerWith(consoleOnDisk(directory));
    const before = await get(handler, "/");
    expect(before.status).toBe(200);
    expect(await before.text()).toContain("npm run build");
    build(directory);
    expect(await (await get(handler, "/")).text()).toBe(PAGE);
  });

  test("it can be switched off", async () => {
    const agent = { name: "Echo", instructions: "Echo.", model: async function* () {} };
    const holdfast = createHoldfast({ agents: [agent], store: createMemoryStore(), console: false });
    onTestFinished(() => holdfast.stop({ graceMs: 0 }));
    const page = await (await get(holdfast.fetch, "/")).text();
    expect(page).toContain("/api/health");
    expect(page).not.toMatch(/<script|npm run build/);
    expect((await get(holdfast.fetch, "/console/assets/main.js")).status).toBe(404);
  });
});
