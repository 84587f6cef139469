import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";

/** What an embedded server loads. Each file counts: from source it costs a millisecond of the start. */
describe("until its first request is answered an embedded server loads", () => {
  let first: readonly string[] = [];
  let later: readonly string[] = [];

  beforeAll(async () => {
    const directory = await mkdtemp(join(tmpdir(), "holdfast-start-"));
    const script = fileURLToPath(new URL("first-request.process.ts", import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [script, directory]);
    ({ first, later } = JSON.parse(stdout) as { first: readonly string[]; later: readonly string[] });
    await rm(directory, { recursive: true });
  });

  test("no package", () => {
    expect(first.filter((url) => url.includes("/node_modules/"))).toEqual([]);
    expect(first.filter((url) => url.includes("/src/")).length).toBeGreaterThan(100);
  });

  test("nothing of the other protocols, nor the OpenAPI document", () => {
    const others = /\/src\/http\/(a2a|ag-ui|ai-sdk|mcp|openai|openapi)|\/src\/projections\/[^/]+\//;
    expect(first.filter((url) => others.test(url))).toEqual([]);
  });

  test("and the rest soon after, before anybody asks for it", () => {
    for (const part of ["/prom-client/", "/zod/", "/src/http/openapi.ts", "/src/http/mcp/mcp-routes.ts"]) {
      expect(later.some((url) => url.includes(part))).toBe(true);
    }
  });
});
