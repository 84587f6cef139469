import { EventSource } from "eventsource";
import { expect, it, onTestFinished } from "vitest";
import * as z from "zod";
import { defineTool } from "../../src/define-agent.ts";
import { eventually } from "../../src/testing/index.ts";
import { call, startRun, statusOnce, storedText } from "../support/api.ts";
import type { TestServer } from "../support/holdfast-server.ts";
import { openCluster } from "../support/cluster.ts";
import { openCuttingProxy } from "../support/cutting-proxy.ts";
import { openServer } from "../support/holdfast-server.ts";
import { renderedText } from "../support/stream-reader.ts";
import type { StreamEvent } from "../support/stream-reader.ts";
import { createPuppet, turnsAgent } from "../support/test-agents.ts";
import { chunkPlace, openUpstream } from "../support/upstream.ts";
import { AGENT } from "../support/upstream-wire.ts";
import { installedVersion, recordSupport } from "./support-table.ts";

// The stock package, as docs/protocols.md shows it. test/integration/event-source.test.ts has it on every store.

interface Watcher {
  readonly events: readonly StreamEvent[];
  text(): string;
  /** Whether the client has given up by itself, and what it was told last. */
  closed(): boolean;
  lastStatus(): number | undefined;
}

function watch(url: string): Watcher {
  const events: StreamEvent[] = [];
  const source = new EventSource(url);
  let lastStatus: number | undefined;
  onTestFinished(() => source.close());
  for (const event of ["message", "step-reset", "done"]) {
    source.addEventListener(event, ({ lastEventId, data }: MessageEvent<string>) => {
      events.push({ cursor: lastEventId, event, data });
    });
  }
  source.addEventListener("error", ({ code }) => (lastStatus = code));
  return {
    events,
    text: () => renderedText(events),
    closed: () => source.readyState === EventSource.CLOSED,
    lastStatus: () => lastStatus,
  };
}

it("goes on by itself after resets, and stops by itself at the end", async () => {
  const puppet = createPuppet();
  const server = await openServer({ agents: [puppet.definition] });
  const proxy = await openCuttingProxy(server.port);
  const run = await startRun(server, "Puppet");
  const watcher = watch(`http://127.0.0.1:${proxy.port}${run.streamPath}`);
  const chunks = ["Day 1:\n", "Asakusa, ", "東京 ", "data: [DONE]\n\n", "the end"];
  for (const [index, chunk] of chunks.entries()) {
    puppet.say(chunk);
    await eventually(chunk, () => watcher.events.length > index);
    if (index % 2 === 1) proxy.resetAll();
  }
  puppet.end();
  await eventually("it stops", () => watcher.closed());
  expect(watcher.lastStatus()).toBe(204);
  expect(watcher.events.map(({ data }) => data)).toEqual([...chunks, "[DONE]"]);
  expect(watcher.text()).toBe(await storedText(server, run));
});

it("watches a run that is cancelled, and one that is approved, from elsewhere", async () => {
  const pay = { type: "tool-call", callId: "c1", name: "pay", input: {} } as const;
  const execute = (): string => "paid";
  const tools = { pay: defineTool({ inputSchema: z.object({}), needsApproval: true, execute }) };
  const parking = turnsAgent([["May I? ", pay], ["Paid."]], { tools });
  const puppet = createPuppet();
  const server = await openServer({ agents: [puppet.definition, parking.definition] });
  const cancelled = await startRun(server, "Puppet");
  const first = watch(server.url + cancelled.streamPath);
  puppet.say("half");
  await eventually("half", () => first.text() === "half");
  await call(server, "POST", `${cancelled.statusPath}/cancel`);
  await eventually("it stops", () => first.closed());
  expect(first.text()).toBe(await storedText(server, cancelled));

  const parked = await startRun(server, "Script");
  const second = watch(server.url + parked.streamPath);
  const status = await statusOnce(server, parked, "Suspended");
  const approval = status.at("approvals.0.approval_id") as string;
  await call(server, "POST", `${parked.statusPath}/approvals/${approval}`, { approved: true });
  await eventually("it stops", () => second.closed());
  expect(second.text()).toBe(await storedText(server, parked));
  expect(second.text()).toContain("Paid.");
});

it("kill -9 of the only process: shows the stored text once it is there again, and so do late readers", async () => {
  const upstream = await openUpstream({ turns: () => [{ chunks: 6 }] });
  onTestFinished(() => upstream.close());
  const cluster = await openCluster({ store: "embedded", upstream: upstream.url });
  onTestFinished(() => cluster.close());
  const process = cluster.workers[0]!;
  const server: Pick<TestServer, "url"> = { url: process.url };
  const hold = upstream.hold(chunkPlace("killed", 1, 0, 3));
  const run = await startRun(server as TestServer, AGENT, { message: "Go.", conversation_id: "killed" });
  const watcher = watch(server.url + run.streamPath);
  await eventually("half of it is shown", () => watcher.text().includes("#1.1"));
  await process.kill("SIGKILL");
  hold.release();
  await process.restart();
  await eventually("it stops", () => watcher.closed());
  const stored = await storedText(server as TestServer, run);
  expect(stored).toContain("#2.4");
  expect(watcher.events.map(({ event }) => event)).toContain("step-reset");
  expect(watcher.text()).toBe(stored);
  const late = watch(server.url + run.streamPath);
  await eventually("it stops", () => late.closed());
  expect(late.text()).toBe(stored);
  expect(late.events.map(({ event }) => event)).not.toContain("step-reset");
}, 60_000);

it("is recorded what the stock client was shown to do", () => {
  recordSupport({
    client: "eventsource",
    version: installedVersion("eventsource"),
    as: "as in browsers",
    start: "by the native API",
    stream: "yes",
    resume: "by itself",
    exact: "yes, applying `step-reset`",
    cancel: "by the native API",
    approve: "by the native API",
  });
});
