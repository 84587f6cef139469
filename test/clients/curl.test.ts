import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it, onTestFinished } from "vitest";
import * as z from "zod";
import { defineTool } from "../../src/define-agent.ts";
import { eventually } from "../../src/testing/index.ts";
import { startRun, storedText } from "../support/api.ts";
import type { TestServer } from "../support/holdfast-server.ts";
import { openCluster } from "../support/cluster.ts";
import { openCuttingProxy } from "../support/cutting-proxy.ts";
import { openServer } from "../support/holdfast-server.ts";
import { eventsOf, renderedText } from "../support/stream-reader.ts";
import type { StreamEvent, StreamReaderFormat } from "../support/stream-reader.ts";
import { createPuppet, turnsAgent } from "../support/test-agents.ts";
import { chunkPlace, openUpstream } from "../support/upstream.ts";
import { AGENT } from "../support/upstream-wire.ts";
import { recordSupport } from "./support-table.ts";

// The real program, its exit codes, and what it printed.

/** `curl`'s exit codes for an answer that broke off: "partial file", and "failure in receiving network data". */
const CUT = [18, 56];

interface Curl {
  readonly output: string;
  readonly exit: Promise<number | null>;
}

function curl(...args: readonly string[]): Curl {
  const child = spawn("curl", ["--silent", "--no-buffer", ...args], { stdio: ["ignore", "pipe", "ignore"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (piece: string) => (output += piece));
  onTestFinished(() => void child.kill());
  return {
    get output() {
      return output;
    },
    exit: once(child, "close").then(([code]) => code as number | null),
  };
}

async function answerOf(...args: readonly string[]): Promise<unknown> {
  const asked = curl(...args);
  expect(await asked.exit).toBe(0);
  return JSON.parse(asked.output);
}

/** Reads on after the newest event that was seen whole. */
function resume(url: string, format: StreamReaderFormat, seen: readonly StreamEvent[]): Curl {
  const last = seen.at(-1)?.cursor;
  const from = last === undefined ? [] : ["--header", `Last-Event-ID: ${last}`];
  return curl("--header", `Accept: ${format}`, ...from, url);
}

it.each(["text/event-stream", "application/x-ndjson"] as const)(
  "resumes with Last-Event-ID after resets: %s",
  async (format) => {
    const puppet = createPuppet();
    const server = await openServer({ agents: [puppet.definition] });
    const proxy = await openCuttingProxy(server.port);
    const run = await startRun(server, "Puppet");
    const url = `http://127.0.0.1:${proxy.port}${run.streamPath}`;
    const chunks = ["Day 1:\n", "東京 ", "data: [DONE]\n\n", "the end"];
    const seen: StreamEvent[] = [];
    for (const chunk of chunks) {
      const reading = resume(url, format, seen);
      puppet.say(chunk);
      await eventually(chunk, () => eventsOf(reading.output, format).length > 0);
      proxy.resetAll();
      expect(CUT).toContain(await reading.exit);
      seen.push(...eventsOf(reading.output, format));
    }
    puppet.end();
    const last = resume(url, format, seen);
    expect(await last.exit).toBe(0);
    seen.push(...eventsOf(last.output, format));
    expect(seen.filter(({ event }) => event === "message").map(({ data }) => data)).toEqual(chunks);
    expect(renderedText(seen)).toBe(await storedText(server, run));
    const cursor = `Last-Event-ID: ${seen.at(-1)!.cursor}`;
    const after = curl("--write-out", "%{http_code}", "--header", cursor, url);
    expect(await after.exit).toBe(0);
    expect(after.output).toBe("204");
  },
);

it("starts, cancels and approves", async () => {
  const pay = { type: "tool-call", callId: "c1", name: "pay", input: {} } as const;
  const execute = (): string => "paid";
  const tools = { pay: defineTool({ inputSchema: z.object({}), needsApproval: true, execute }) };
  const parking = turnsAgent([["May I? ", pay], ["Paid."]], { tools });
  const puppet = createPuppet();
  const { url } = await openServer({ agents: [puppet.definition, parking.definition] });
  const plain = ["--header", "Accept: text/plain", "--header", "Content-Type: text/plain", "--data", "Go."];

  const half = curl(...plain, "--header", "x-conversation-id: one", `${url}/api/agent/create?agent=Puppet`);
  puppet.say("half");
  await eventually("half", () => half.output.includes("half"));
  await answerOf("--request", "POST", `${url}/api/agents/Puppet/run/one/cancel`);
  expect(await half.exit).toBe(0);
  expect(await answerOf(`${url}/api/conversations/one`)).toMatchObject({ runs: [{ status: "cancelled" }] });

  const parked = curl(...plain, "--header", "x-conversation-id: two", `${url}/api/agent/create?agent=Script`);
  const status = `${url}/api/agents/Script/run/two`;
  let approval: string | undefined;
  await eventually("it waits for leave", async () => {
    const { approvals } = (await answerOf(status)) as { approvals: readonly { approval_id: string }[] };
    approval = approvals[0]?.approval_id;
    return approval !== undefined;
  });
  const json = ["--header", "Content-Type: application/json", "--data", '{"approved": true}'];
  await answerOf(...json, `${status}/approvals/${approval}`);
  expect(await parked.exit).toBe(0);
  expect(parked.output.endsWith("Paid.\n")).toBe(true);
});

it("kill -9 of the only process: exits as cut, and what is read on adds up to the stored text", async () => {
  const upstream = await openUpstream({ turns: () => [{ chunks: 6 }] });
  onTestFinished(() => upstream.close());
  const cluster = await openCluster({ store: "embedded", upstream: upstream.url });
  onTestFinished(() => cluster.close());
  const process = cluster.workers[0]!;
  const server = { url: process.url } as TestServer;
  const format = "text/event-stream";
  const hold = upstream.hold(chunkPlace("killed", 1, 0, 3));
  const run = await startRun(server, AGENT, { message: "Go.", conversation_id: "killed" });
  const url = server.url + run.streamPath;
  const reading = resume(url, format, []);
  await eventually("half of it is shown", () => reading.output.includes("#1.1"));
  await process.kill("SIGKILL");
  expect(CUT).toContain(await reading.exit);
  hold.release();
  await process.restart();
  const seen = [...eventsOf(reading.output, format)];
  const rest = resume(url, format, seen);
  expect(await rest.exit).toBe(0);
  seen.push(...eventsOf(rest.output, format));
  expect(seen.map(({ event }) => event)).toContain("step-reset");
  expect(renderedText(seen)).toBe(await storedText(server, run));
}, 60_000);

it("is recorded what the program was shown to do", () => {
  recordSupport({
    client: "curl",
    as: "SSE or NDJSON",
    start: "yes",
    stream: "yes",
    resume: "with `Last-Event-ID`",
    exact: "yes, applying `step-reset`",
    cancel: "yes",
    approve: "yes",
  });
});
