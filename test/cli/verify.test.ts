import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { describe, expect, it, onTestFinished } from "vitest";
import { judgeLaw } from "../../src/cli/verify/judge-law.ts";
import { STORE_LAWS } from "../../src/testing/index.ts";
import { eventually } from "../../src/testing/index.ts";
import { createMemoryStore } from "../../src/adapters/memory/index.ts";
import { freePort, startRedisServer } from "../support/redis-server.ts";
import { runCommand, startCommand } from "./cli-command.ts";

async function openRedis(args: readonly string[] = []) {
  const server = await startRedisServer({ args });
  onTestFinished(() => server.stop());
  const redis = new Redis(server.port, "127.0.0.1");
  onTestFinished(() => redis.disconnect());
  return { server, redis };
}

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "holdfast-verify-test-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

describe("holdfast verify", () => {
  it("checks every law against a real Redis, and leaves it as it was", async () => {
    const { server, redis } = await openRedis();
    await redis.mset("holdfast-verify", "not ours", "agent-stream:x", "not ours either");
    const { code, stdout, stderr } = await runCommand(["verify", "--redis", server.url, "--json"]);
    const verdicts = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { readonly id: string; readonly kind: string });
    expect(verdicts.filter(({ kind }) => kind !== "ok")).toEqual([]);
    expect(verdicts.map(({ id }) => id)).toEqual(STORE_LAWS.map(({ id }) => id));
    expect(stderr).toContain(`${STORE_LAWS.length} ok, 0 failed, 0 skipped`);
    expect(code).toBe(0);
    expect((await redis.keys("*")).toSorted()).toEqual(["agent-stream:x", "holdfast-verify"]);
    expect(await redis.mget("holdfast-verify", "agent-stream:x")).toEqual(["not ours", "not ours either"]);
  }, 120_000);

  it("checks the embedded store beside what is in its directory", async () => {
    const directory = await temporaryDirectory();
    const chosen = ["--law", "L4", "L6.follow-beside", "restore"];
    const { code, stdout } = await runCommand(["verify", "--data", directory, ...chosen]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ok +L4\.fence: a stale attempt/m);
    expect(stdout).toMatch(/^ok +L6\.follow-beside/m);
    expect(await readdir(directory)).toEqual([]);
    const missing = join(directory, "missing");
    expect((await runCommand(["verify", "--data", missing, "--law", "list"])).code).toBe(0);
    expect(await readdir(directory)).toEqual([]);
  });

  it("says which law is broken and why, cleans up, and exits with 1", async () => {
    const { server, redis } = await openRedis(["--rename-command", "PUBLISH", "NOPUBLISH"]);
    const { code, stdout, stderr } = await runCommand(["verify", "--redis", server.url, "--law", "L3.order"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^failed {2}L3\.order: .*\n {8}\S/m);
    expect(stderr).toContain("0 ok, 1 failed");
    expect(await redis.keys("*")).toEqual([]);
  });

  it("cleans up when Ctrl-C stops it", async () => {
    const { server, redis } = await openRedis();
    const verify = startCommand(["verify", "--redis", server.url]);
    await eventually("laws are checked", () => verify.stdout() !== "");
    verify.signal("SIGINT");
    expect(await verify.ended).toMatchObject({ code: 130 });
    expect(await redis.keys("*")).toEqual([]);
  });

  it("does not begin without a store, or with a law that there is not", async () => {
    const nobody = `redis://127.0.0.1:${await freePort()}`;
    const away = await runCommand(["verify", "--redis", nobody]);
    expect(away).toMatchObject({ code: 1, stdout: "" });
    expect(away.stderr).toContain("does not answer");
    const unknown = await runCommand(["verify", "--data", await temporaryDirectory(), "--law", "L99"]);
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain("no law begins with L99");
    const impossible = await runCommand(["verify", "--data", "/dev/null/data", "--law", "list"]);
    expect(impossible.code).toBe(1);
    expect(impossible.stderr).toMatch(/^holdfast: ENOTDIR.*\n$/);
  });
});

describe("a law that cannot be checked", () => {
  it("is skipped with a reason", async () => {
    const law = STORE_LAWS.find(({ id }) => id === "L6.follow-beside")!;
    const verdict = await judgeLaw(law, async () => {
      const store = createMemoryStore();
      return { store, close: () => store.close() };
    });
    expect(verdict).toEqual({ kind: "skipped", because: "the store is for one process" });
  });
});
