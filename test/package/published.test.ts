import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../../src/testing/index.ts";

// The package as it is published: packed, unpacked beside its dependencies, and used by its name.

let home: string;

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), "holdfast-package-"));
  execFileSync(process.execPath, ["scripts/build.ts"], { stdio: "pipe" });
  const packed = execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", home], {
    encoding: "utf8",
    shell: true,
  });
  const tarball = /"filename":\s*"([^"]+)"/.exec(packed)?.[1];
  const installed = join(home, "node_modules", "holdfast");
  mkdirSync(installed, { recursive: true });
  execFileSync("tar", ["-xzf", join(home, tarball!), "-C", installed, "--strip-components=1"]);
  for (const dependency of readdirSync("node_modules")) {
    const target = join(home, "node_modules", dependency);
    if (!existsSync(target)) symlinkSync(join(process.cwd(), "node_modules", dependency), target);
  }
}, 120_000);

afterAll(() => {
  rmSync(home, { recursive: true, force: true });
});

describe("the published package", () => {
  test("holds no tests, no fixtures and nothing of the repository's own", () => {
    const files = readdirSync(join(home, "node_modules", "holdfast"), { recursive: true, encoding: "utf8" });
    expect(files.filter((file) => /\.(test|fixture)\./.test(file))).toEqual([]);
    const top = new Set(files.map((file) => file.split("/")[0]));
    expect(top).toEqual(
      new Set(["CHANGELOG.md", "LICENSE", "README.md", "SPEC.md", "bin", "dist", "package.json", "src"]),
    );
  });

  test("answers by every subpath that it exports", () => {
    const program = `
      import { createHoldfast, createMemoryStore } from "holdfast";
      import { RedisStreamResponseHandler, createBullmqEngine } from "holdfast/redis";
      import { STORE_LAWS } from "holdfast/testing";
      const holdfast = createHoldfast({
        agents: [{ name: "Echo", instructions: "", async *model({ messages }) { yield "heard"; } }],
        store: createMemoryStore(),
      });
      const request = new Request("http://localhost/api/agents/Echo/run?wait_for_response=true", { method: "POST", body: "hi", headers: { "content-type": "text/plain" } });
      const answer = await (await holdfast.fetch(request)).json();
      await holdfast.stop({ graceMs: 0 });
      console.log(JSON.stringify([answer.response, typeof RedisStreamResponseHandler, typeof createBullmqEngine, STORE_LAWS.length > 20]));
    `;
    writeFileSync(join(home, "program.mjs"), program);
    const printed = execFileSync(process.execPath, ["program.mjs"], { cwd: home, encoding: "utf8" });
    expect(JSON.parse(printed)).toEqual(["heard", "function", "function", true]);
  });

  test("serves a TypeScript agents file by its command", async () => {
    writeFileSync(join(home, "package.json"), '{ "type": "module" }');
    writeFileSync(
      join(home, "agents.ts"),
      'import { defineAgent } from "holdfast";\nexport const agents = [defineAgent({ name: "Echo", instructions: "Echo." })];\n',
    );
    const child = spawn(
      process.execPath,
      ["node_modules/holdfast/bin/holdfast.js", "serve", "agents.ts", "--port", "0"],
      { cwd: home },
    );
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
    await eventually("the server starts", () => {
      if (child.exitCode !== null) throw new Error(output);
      return output.includes("Holdfast serves");
    });
    const url = /serves (\S+)/.exec(output)![1]!;
    const health = await fetch(`${url}/api/health`).then((response) => response.json());
    expect(health).toMatchObject({ agents: [{ name: "Echo" }] });
    const page = await fetch(url).then((response) => response.text());
    const script = /src="\.\/(console\/assets\/[^"]+\.js)"/.exec(page)?.[1];
    expect((await fetch(`${url}/${script}`)).status).toBe(200);
    child.kill("SIGTERM");
    const [code] = (await once(child, "exit")) as [number | null];
    expect(code).toBe(0);
  });
});
