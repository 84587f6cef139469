import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { describe, expect, it, onTestFinished } from "vitest";
import { createSqliteStore } from "../../src/adapters/sqlite/index.ts";
import type { Finding } from "../../src/cli/doctor/finding.ts";
import { judgeRedisFacts } from "../../src/cli/doctor/redis-findings.ts";
import type { RedisFacts } from "../../src/cli/doctor/redis-facts.ts";
import { freePort, startRedisServer } from "../support/redis-server.ts";
import type { RedisServerOptions } from "../support/redis-server.ts";
import { runCommand } from "./cli-command.ts";

interface Diagnosis {
  readonly code: number | null;
  readonly safe: boolean;
  readonly findings: readonly Finding[];
}

async function doctor(args: readonly string[], environment?: Record<string, string>): Promise<Diagnosis> {
  const options = environment === undefined ? {} : { environment };
  const { code, stdout } = await runCommand(["doctor", "--json", ...args], options);
  return { code, ...(JSON.parse(stdout) as Omit<Diagnosis, "code">) };
}

function verdictsOf({ findings }: Diagnosis): Readonly<Record<string, string>> {
  return Object.fromEntries(findings.map(({ check, verdict }) => [check, verdict]));
}

function unsafeOf({ findings }: Diagnosis): readonly string[] {
  return findings.filter(({ verdict }) => verdict === "unsafe").map(({ check }) => check);
}

async function redisWith(options: RedisServerOptions) {
  const server = await startRedisServer(options);
  onTestFinished(() => server.stop());
  return server;
}

async function dataDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "holdfast-doctor-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

describe("holdfast doctor on Redis", () => {
  it("finds a server that is set up well safe, and leaves no key there", async () => {
    const server = await redisWith({ appendOnly: true });
    const diagnosis = await doctor(["--redis", server.url]);
    expect(unsafeOf(diagnosis)).toEqual([]);
    expect(diagnosis).toMatchObject({ code: 0, safe: true });
    expect(verdictsOf(diagnosis)).toMatchObject({
      redis: "ok",
      "redis version": "ok",
      "redis mode": "ok",
      eviction: "ok",
      persistence: "ok",
      clock: "ok",
      "output buffers": "ok",
      permissions: "ok",
    });
    const redis = new Redis(server.port, "127.0.0.1");
    onTestFinished(() => redis.disconnect());
    // What the health checks of a server write goes by itself, in a second.
    expect((await redis.keys("*")).filter((key) => key !== "holdfast:ping")).toEqual([]);
  });

  it("finds what is dangerous, says what to do, and exits with 1", async () => {
    const server = await redisWith({
      args: [
        "--maxmemory-policy",
        "allkeys-lru",
        "--maxmemory",
        "100mb",
        "--client-output-buffer-limit",
        "pubsub 1mb 512kb 10",
      ],
    });
    const text = await runCommand(["doctor", "--redis", server.url]);
    expect(text.code).toBe(1);
    expect(text.stdout).toContain("maxmemory-policy is allkeys-lru");
    expect(text.stdout).toContain("CONFIG SET maxmemory-policy noeviction");
    expect(text.stdout).toContain("CONFIG SET appendonly yes");
    const diagnosis = await doctor(["--redis", server.url]);
    expect(unsafeOf(diagnosis)).toEqual(["eviction", "persistence"]);
    expect(verdictsOf(diagnosis)).toMatchObject({ "output buffers": "warning" });
  });

  it("names each command that the user may not run", async () => {
    const server = await redisWith({ appendOnly: true });
    const redis = new Redis(server.port, "127.0.0.1");
    onTestFinished(() => redis.disconnect());
    await redis.call(
      "ACL",
      "SETUSER",
      "app",
      "on",
      ">secret",
      "~*",
      "&*",
      "+@all",
      "-xadd",
      "-script",
      "-config",
    );
    const diagnosis = await doctor(["--redis", server.url.replace("//", "//app:secret@")]);
    expect(diagnosis.code).toBe(1);
    const refused = diagnosis.findings.filter(({ check }) => check === "permissions");
    expect(refused.map(({ says }) => says.split(" ")[2])).toEqual(["XADD", "SCRIPT"]);
    expect(verdictsOf(diagnosis)).toMatchObject({ "output buffers": "skipped", persistence: "skipped" });
    expect(JSON.stringify(diagnosis)).not.toContain("secret");
  });

  it("says when nobody answers, and when the address leads to a replica", async () => {
    const nobody = `redis://127.0.0.1:${await freePort()}`;
    const away = await doctor(["--redis", nobody]);
    expect(away.code).toBe(1);
    expect(unsafeOf(away)).toEqual(["redis"]);
    const primary = await redisWith({});
    const replica = await redisWith({ args: ["--replicaof", "127.0.0.1", String(primary.port)] });
    const diagnosis = await doctor(["--redis", replica.url]);
    expect(unsafeOf(diagnosis)).toContain("redis role");
  });
});

describe("what doctor says of a Redis that is not at hand", () => {
  const FACTS: RedisFacts = {
    server: new Map([
      ["redis_version", "7.2.4"],
      ["redis_mode", "standalone"],
    ]),
    memory: new Map([
      ["maxmemory_policy", "noeviction"],
      ["maxmemory", "0"],
    ]),
    persistence: new Map([["aof_enabled", "1"]]),
    replication: new Map([["role", "master"]]),
    cluster: undefined,
    appendfsync: "always",
    outputBufferLimit: "normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60",
    clockAheadMs: 0,
    roundTripsMs: [0.2, 0.3, 0.4],
  };
  const cases: readonly (readonly [string, Partial<RedisFacts>, string, Finding["verdict"]])[] = [
    ["nothing is wrong", {}, "eviction", "ok"],
    ["it is old", { server: new Map([["redis_version", "6.2.1"]]) }, "redis version", "unsafe"],
    ["it is a Sentinel", { server: new Map([["redis_mode", "sentinel"]]) }, "redis mode", "unsafe"],
    [
      "its Cluster is down",
      { server: new Map([["redis_mode", "cluster"]]), cluster: new Map([["cluster_state", "fail"]]) },
      "redis mode",
      "unsafe",
    ],
    [
      "memory is nearly full",
      {
        memory: new Map([
          ["maxmemory", "100"],
          ["used_memory", "95"],
        ]),
      },
      "memory",
      "warning",
    ],
    ["a second can be lost", { appendfsync: "everysec" }, "persistence", "warning"],
    ["nothing is ever flushed", { appendfsync: "no" }, "persistence", "unsafe"],
    ["the clock is off", { clockAheadMs: -45_000 }, "clock", "unsafe"],
    ["the clock is odd", { clockAheadMs: 4_000 }, "clock", "warning"],
    ["it is far away", { roundTripsMs: [30, 40, 50] }, "latency", "warning"],
    ["nothing may be asked", { memory: undefined }, "eviction", "skipped"],
  ];

  it.each(cases)("%s", (_name, change, check, verdict) => {
    const found = judgeRedisFacts({ ...FACTS, ...change }).filter((finding) => finding.check === check);
    expect(found.map((finding) => finding.verdict)).toEqual([verdict]);
  });
});

describe("holdfast doctor on the embedded store", () => {
  it("finds a new place and a store that a server has safe", async () => {
    const directory = await dataDirectory();
    const fresh = await doctor(["--data", join(directory, "new")]);
    expect(fresh).toMatchObject({ code: 0, safe: true });
    const data = join(directory, "data");
    const store = await createSqliteStore({ directory: data });
    const diagnosis = await doctor(["--data", data]);
    expect(unsafeOf(diagnosis)).toEqual([]);
    expect(diagnosis.code).toBe(0);
    const lock = diagnosis.findings.find(({ check }) => check === "directory lock");
    expect(lock?.says).toContain(`Process ${process.pid} has the directory`);
    expect(verdictsOf(diagnosis)).toMatchObject({ integrity: "ok", "write-ahead log": "ok" });
    await store.close();
  });

  it("finds a damaged file, a directory that others may write, and a place that cannot be made", async () => {
    const directory = await dataDirectory();
    await writeFile(join(directory, "holdfast.db"), "This is no database. ".repeat(200));
    await chmod(directory, 0o777);
    const damaged = await doctor(["--data", directory]);
    expect(damaged.code).toBe(1);
    expect(unsafeOf(damaged)).toEqual(expect.arrayContaining(["data directory", "integrity"]));
    const impossible = await doctor(["--data", "/dev/null/data"]);
    expect(unsafeOf(impossible)).toContain("data directory");
  });

  it("finds a configuration that cannot be read, and a model that cannot be called", async () => {
    const wrong = await doctor([], { PORT: "eighty" });
    expect(wrong.code).toBe(1);
    expect(unsafeOf(wrong)).toEqual(["environment"]);
    const nobody = `http://127.0.0.1:${await freePort()}/v1`;
    const model = { OPENAI_BASE_URL: nobody, OPENAI_MODEL: "some-model" };
    const data = ["--data", await dataDirectory()];
    expect(verdictsOf(await doctor(data, model))).toMatchObject({ model: "ok" });
    const called = await doctor([...data, "--call-model"], model);
    expect(unsafeOf(called)).toEqual(["model call"]);
    const demo = await doctor([...data, "--call-model"], { HOLDFAST_DEMO_CHUNKS_PER_SECOND: "10000" });
    expect(verdictsOf(demo)).toMatchObject({ model: "warning", "model call": "ok" });
  });
});
