import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it, onTestFinished } from "vitest";
import { createRedisStore } from "../../src/adapters/redis/index.ts";
import { eventually } from "../../src/testing/index.ts";
import { startRun, storedText } from "../support/api.ts";
import { openCuttingProxy } from "../support/cutting-proxy.ts";
import { openServer, storePlace } from "../support/holdfast-server.ts";
import { startRedisServer } from "../support/redis-server.ts";
import { createPuppet } from "../support/test-agents.ts";

const CHUNKS = ["Day 1:\n", "東京 ", "🍣\n\n", "data: x", " the end\n"];

/** The script as a real process. */
function startReader(...args: readonly string[]) {
  const child = spawn("python3", ["examples/python/read_stream.py", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"], PYTHONIOENCODING: "utf-8", PYTHONDONTWRITEBYTECODE: "1" },
  });
  const exited = once(child, "exit").then(([code]) => code as number | null);
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  const printed = { text: "", notes: "" };
  child.stdout.setEncoding("utf8").on("data", (piece: string) => {
    printed.text += piece;
  });
  child.stderr.setEncoding("utf8").on("data", (piece: string) => {
    printed.notes += piece;
  });
  const closed = once(child, "close");
  return {
    printed,
    async shows(text: string) {
      await eventually(`the script prints ${JSON.stringify(text)}`, () => printed.text === text);
    },
    interrupt: () => void child.kill("SIGINT"),
    async ended() {
      await closed;
      return exited;
    },
  };
}

it("reads over HTTP to the exact stored text, over a cut in the middle", async () => {
  const puppet = createPuppet();
  const server = await openServer({ agents: [puppet.definition] });
  const proxy = await openCuttingProxy(server.port);
  const run = await startRun(server, "Puppet");
  const reader = startReader(`http://127.0.0.1:${proxy.port}`, run.conversation);
  let said = "";
  for (const [index, chunk] of CHUNKS.entries()) {
    puppet.say(chunk);
    said += chunk;
    await reader.shows(said);
    if (index % 2 === 1) proxy.resetAll();
  }
  puppet.end();
  expect(await reader.ended()).toBe(0);
  expect(reader.printed.text).toBe(await storedText(server, run));
  expect(reader.printed.notes).toMatch(/\[cut; goes on after 1-\d+\]/);
});

it("goes on from the cursor that it named when it was stopped", async () => {
  const puppet = createPuppet();
  const server = await openServer({ agents: [puppet.definition] });
  const run = await startRun(server, "Puppet");
  const first = startReader(server.url, run.conversation);
  puppet.say("before, ");
  await first.shows("before, ");
  first.interrupt();
  expect(await first.ended()).toBe(130);
  const [, cursor = ""] = /--cursor (\S+)\]/.exec(first.printed.notes) ?? [];
  puppet.say("after");
  puppet.end();
  const second = startReader(server.url, run.conversation, "--cursor", cursor);
  expect(await second.ended()).toBe(0);
  expect(second.printed.text).toBe("after");
});

it("prints what counts when a lost worker's words were withdrawn", async () => {
  const puppet = createPuppet();
  const open = await storePlace("sqlite");
  const server = await openServer({ store: await open(), agents: [puppet.definition] });
  const run = await startRun(server, "Puppet");
  const shown = startReader(server.url, run.conversation);
  const whole = startReader(server.url, run.conversation, "--whole");
  puppet.say("half of ");
  await shown.shows("half of ");
  await server.stop();
  await eventually("both were cut", () =>
    [shown, whole].every(({ printed }) => printed.notes.includes("cut")),
  );
  await openServer({ store: await open(), agents: [puppet.definition], port: server.port });
  puppet.say("the whole");
  puppet.end();
  expect(await whole.ended()).toBe(0);
  expect(whole.printed.text).toBe("the whole");
  expect(await shown.ended()).toBe(0);
  expect(shown.printed.notes).toContain("withdrawn from");
});

it("says which conversation there is not", async () => {
  const server = await openServer({ agents: [createPuppet().definition] });
  const reader = startReader(server.url, "nobody");
  expect(await reader.ended()).toBe(1);
  expect(reader.printed.notes).toContain("nobody");
});

it("reads straight from Redis to the exact stored text, over a cut in the middle", async () => {
  const redis = await startRedisServer();
  onTestFinished(() => redis.stop());
  const puppet = createPuppet();
  const store = await createRedisStore({ connection: redis.url });
  const server = await openServer({ store, agents: [puppet.definition] });
  const proxy = await openCuttingProxy(redis.port);
  const run = await startRun(server, "Puppet");
  const reader = startReader(`redis://127.0.0.1:${proxy.port}`, run.conversation);
  let said = "";
  for (const [index, chunk] of CHUNKS.entries()) {
    puppet.say(chunk);
    said += chunk;
    await reader.shows(said);
    if (index % 2 === 1) proxy.resetAll();
  }
  puppet.end();
  expect(await reader.ended()).toBe(0);
  expect(reader.printed.text).toBe(await storedText(server, run));
  expect(reader.printed.notes).toMatch(/\[cut; goes on after 1-\d+\]/);
  const again = startReader(redis.url, run.conversation, "--cursor", "1-0");
  expect(await again.ended()).toBe(0);
  expect(again.printed.text).toBe(reader.printed.text);
});
