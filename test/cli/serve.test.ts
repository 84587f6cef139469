import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runCli, startServe } from "../support/cli-process.ts";

const AGENTS = "examples/travel-planner/agents.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync("test-results-cli-");
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

/** One line, and no stack. */
function expectOneLine(output: string): string {
  const lines = output.trim().split("\n");
  expect(lines).toHaveLength(1);
  expect(output).not.toMatch(/\n\s+at /);
  return lines[0]!;
}

async function takenPort(): Promise<{ readonly port: number; close(): void }> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return { port: (server.address() as AddressInfo).port, close: () => void server.close() };
}

describe("what stops the start, in one line", () => {
  test("Redis is absent: the line names its address, exit code 1", async () => {
    const free = await takenPort();
    free.close();
    const { code, output } = await runCli(["serve", AGENTS], {
      PORT: "0",
      REDIS_CONNECTION_STRING: `redis://user:secret@127.0.0.1:${free.port}`,
    });
    const line = expectOneLine(output);
    expect(line).toContain(`127.0.0.1:${free.port}`);
    expect(line).not.toContain("secret");
    expect(code).toBe(1);
  });

  test.each([
    ["PORT", "eighty"],
    ["REDIS_STREAM_TTL_MINUTES", "-1"],
    ["HOLDFAST_LOG_LEVEL", "loud"],
    ["REDIS_CONNECTION_STRING", "http://localhost"],
    ["AZURE_OPENAI_ENDPOINT", "not a url"],
  ])("%s=%s: the line names the variable, exit code 2", async (variable, value) => {
    const { code, output } = await runCli(["serve", AGENTS], { [variable]: value });
    expect(expectOneLine(output)).toContain(variable);
    expect(code).toBe(2);
  });

  test("there is no such agents file, or no agent in it: exit code 2", async () => {
    const missing = await runCli(["serve", "nowhere.ts"]);
    expect(expectOneLine(missing.output)).toContain("nowhere.ts");
    expect(missing.code).toBe(2);
    const empty = join(directory, "empty.ts");
    writeFileSync(empty, "export const nothing: number = 1;\n");
    const without = await runCli(["serve", empty]);
    expect(expectOneLine(without.output)).toContain("exports no agent");
    expect(without.code).toBe(2);
  });

  test("the port is taken: the line names it, exit code 1", async () => {
    const taken = await takenPort();
    const { code, output } = await runCli(["serve", AGENTS], {
      PORT: String(taken.port),
      HOLDFAST_DATA_DIR: join(directory, "data"),
    });
    taken.close();
    expect(expectOneLine(output)).toContain(String(taken.port));
    expect(code).toBe(1);
  });

  test("another server has the data directory: the line says so, exit code 1", async () => {
    const data = join(directory, "data");
    const first = await startServe({ environment: { HOLDFAST_DATA_DIR: data } });
    try {
      const { code, output } = await runCli(["serve", AGENTS], { PORT: "0", HOLDFAST_DATA_DIR: data });
      const line = expectOneLine(output);
      expect(line).toContain(data);
      expect(line).toContain(String(first.pid));
      expect(code).toBe(1);
    } finally {
      await first.stop();
    }
  });
});

describe("the command line", () => {
  test("explains itself", async () => {
    const { code, output } = await runCli(["serve", "--help"]);
    expect(code).toBe(0);
    for (const word of [
      "--port",
      "--host",
      "--data",
      "--redis",
      "Examples:",
      "Exit codes:",
      "REDIS_STREAM_TTL_MINUTES",
    ]) {
      expect(output).toContain(word);
    }
  });

  test("refuses what it does not know, with exit code 2", async () => {
    for (const args of [["serv"], ["serve", "--prot", "1"], []]) {
      expect((await runCli(args)).code).toBe(2);
    }
  });

  test("prints its version", async () => {
    const { code, output } = await runCli(["--version"]);
    expect(output).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(code).toBe(0);
  });

  test("a second Ctrl-C ends at once what the first lets finish", async () => {
    const file = join(directory, "slow.ts");
    writeFileSync(file, SLOW_AGENT);
    const server = await startServe({ args: [file] });
    const response = await fetch(`${server.url}/api/agent/create`, { method: "POST", body: "hi" });
    const reader = response.body!.getReader();
    await reader.read();
    server.kill("SIGINT");
    await expect.poll(() => server.output()).toContain("Ctrl-C again");
    server.kill("SIGINT");
    expect(await server.exited).toBe(130);
    await reader.cancel().catch(() => {});
    await server.stop();
  });

  test("ends after the grace, whatever a tool or an idle connection does", async () => {
    const file = join(directory, "deaf.ts");
    writeFileSync(file, DEAF_AGENT);
    const server = await startServe({ args: [file], environment: { HOLDFAST_GRACE_SECONDS: "0.1" } });
    const idle = connect(Number(new URL(server.url).port), "127.0.0.1");
    idle.on("error", () => {});
    const response = await fetch(`${server.url}/api/agent/create`, { method: "POST", body: "hi" });
    const reader = response.body!.getReader();
    await reader.read();
    server.kill("SIGTERM");
    expect(await server.exited).toBe(0);
    idle.destroy();
    await reader.cancel().catch(() => {});
    await server.stop();
  });

  test("on a Node that is too old, the published command says so in one line", () => {
    const old = `Object.defineProperty(process.versions, "node", { value: "20.11.0" }); require("./bin/holdfast.js");`;
    const script = join(directory, "old.cjs");
    writeFileSync(script, old.replace("./bin", join(process.cwd(), "bin")));
    const { status, stderr } = spawnSync(process.execPath, [script], { encoding: "utf8" });
    expect(expectOneLine(stderr)).toContain("22.18");
    expect(status).toBe(1);
  });
});

const SLOW_AGENT = `
import { defineAgent } from "holdfast";

export const agents = [
  defineAgent({
    name: "Slow",
    instructions: "",
    async *model(_step, { signal }) {
      yield "begun";
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    },
  }),
];
`;

const DEAF_AGENT = `
import { defineAgent } from "holdfast";

export const agents = [
  defineAgent({
    name: "Deaf",
    instructions: "",
    async *model() {
      yield "begun";
      await new Promise((resolve) => setTimeout(resolve, 3_600_000));
    },
  }),
];
`;
