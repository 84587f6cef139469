import { DurableStream, stream } from "@durable-streams/client";
import type { StreamOptions } from "@durable-streams/client";
import { expect, it, onTestFinished } from "vitest";
import { createDurableFetch } from "../../src/client/index.ts";
import { eventually } from "../../src/testing/index.ts";
import { call, endOf, startRun, storedText } from "../support/api.ts";
import type { Started } from "../support/api.ts";
import { openCluster } from "../support/cluster.ts";
import { openCuttingProxy } from "../support/cutting-proxy.ts";
import { openServer, storePlace } from "../support/holdfast-server.ts";
import { createPuppet, scriptAgent } from "../support/test-agents.ts";
import { chunkPlace, openUpstream } from "../support/upstream.ts";
import { AGENT } from "../support/upstream-wire.ts";
import { textOfEntries } from "./log-text.ts";
import type { LogEntry } from "./log-text.ts";
import { installedVersion, recordSupport } from "./support-table.ts";

const LIVE_WAYS = ["long-poll", "sse"] as const;
type Way = (typeof LIVE_WAYS)[number];

interface Reader {
  readonly entries: readonly LogEntry[];
  readonly over: Promise<void>;
}

/** Lets the stock client read a stream, entry by entry. */
async function openReader(url: string, options: Partial<StreamOptions> = {}): Promise<Reader> {
  const aborter = new AbortController();
  onTestFinished(() => aborter.abort());
  const response = await stream<LogEntry>({ ...options, url, signal: aborter.signal });
  response.closed.catch(() => {}); // Whoever iterates is told the same, and Node ends over what nobody takes.
  const entries: LogEntry[] = [];
  async function readAll(): Promise<void> {
    for await (const entry of response.jsonStream()) entries.push(entry);
  }
  return { entries, over: readAll() };
}

function runUrl(url: string, { conversation, run }: Started): string {
  return `${url}/v1/stream/${conversation}~${run}`;
}

/** Entries follow one another without a hole or a repeat but for what was withdrawn. */
function expectInOrder(entries: readonly LogEntry[]): void {
  const places = entries.map(({ cursor }) =>
    cursor
      .split("-")
      .map((part) => part.padStart(16, "0"))
      .join("-"),
  );
  expect(places).toEqual([...new Set(places)].toSorted());
}

it("reads what there is, and goes on from its offset", async () => {
  const server = await openServer({ agents: [scriptAgent(["one ", "two"])] });
  const run = await startRun(server, "Script");
  await endOf(server, run);
  const url = `${server.url}/v1/stream/${run.conversation}`;
  const response = await stream<LogEntry>({ url, live: false });
  expect(textOfEntries(await response.json())).toBe("one two");
  expect(response).toMatchObject({ upToDate: true, streamClosed: false });
  await endOf(server, await startRun(server, "Script", { message: "m", thread_id: run.conversation }));
  const more = await stream<LogEntry>({ url, live: false, offset: response.offset });
  const entries = await more.json();
  expect(textOfEntries(entries)).toBe("one two");
  expect(entries.every((entry) => entry.run === 2)).toBe(true);
});

it("is told what does not exist, and that it cannot write", async () => {
  const server = await openServer({ agents: [scriptAgent(["one"])] });
  const url = `${server.url}/v1/stream/nobody`;
  await expect(stream({ url })).rejects.toMatchObject({ status: 404 });
  const handle = new DurableStream({ url, contentType: "application/json" });
  await expect(handle.append("{}")).rejects.toMatchObject({ status: 405 });
});

it.each(LIVE_WAYS)("follows a run to its end and is then over: %s", async (live) => {
  const puppet = createPuppet();
  const server = await openServer({ store: "sqlite", agents: [puppet.definition] });
  const run = await startRun(server, "Puppet");
  const reader = await openReader(runUrl(server.url, run), { live });
  for (const chunk of ["one ", "two\n", "three"]) {
    puppet.say(chunk);
    await eventually(chunk, () => textOfEntries(reader.entries).endsWith(chunk));
  }
  puppet.end();
  await reader.over;
  expect(textOfEntries(reader.entries)).toBe(await storedText(server, run));
  expectInOrder(reader.entries);
});

it("follows a conversation across runs", async () => {
  const puppet = createPuppet();
  const server = await openServer({ agents: [puppet.definition] });
  const run = await startRun(server, "Puppet");
  const reader = await openReader(`${server.url}/v1/stream/${run.conversation}`, { live: "sse" });
  for (const [index, text] of ["first", "second"].entries()) {
    if (index > 0) await startRun(server, "Puppet", { message: "m", thread_id: run.conversation });
    puppet.say(text);
    puppet.end();
    const ofRun = (): readonly LogEntry[] => reader.entries.filter((entry) => entry.run === index + 1);
    await eventually("the end", () => ofRun().at(-1)?.type === "run-completed");
    expect(textOfEntries(ofRun())).toBe(text);
  }
  expectInOrder(reader.entries);
});

it.each(LIVE_WAYS)("goes on by itself when the server is stopped and started again: %s", async (live) => {
  const puppet = createPuppet();
  const open = await storePlace("sqlite");
  const server = await openServer({ store: await open(), agents: [puppet.definition] });
  const { port } = server;
  const run = await startRun(server, "Puppet");
  const reader = await openReader(runUrl(server.url, run), { live });
  puppet.say("half of ");
  await eventually("half of it", () => textOfEntries(reader.entries) === "half of ");
  await server.stop();
  const again = await openServer({ store: await open(), agents: [puppet.definition], port });
  puppet.say("the whole ", "of it");
  puppet.end();
  await reader.over;
  expect(reader.entries.map(({ type }) => type)).toContain("step-reset");
  expect(textOfEntries(reader.entries)).toBe("the whole of it");
  expect(await storedText(again, run)).toBe("the whole of it");
  expectInOrder(reader.entries);
});

it("over durableFetch survives resets, which it does not survive alone", async () => {
  const puppet = createPuppet();
  const server = await openServer({ agents: [puppet.definition] });
  const proxy = await openCuttingProxy(server.port);
  const run = await startRun(server, "Puppet");
  const url = runUrl(`http://127.0.0.1:${proxy.port}`, run);
  const durable = await openReader(url, { live: "sse", fetch: createDurableFetch() });
  for (const chunk of ["one ", "two ", "three ", "four"]) {
    puppet.say(chunk);
    await eventually(chunk, () => textOfEntries(durable.entries).endsWith(chunk));
    proxy.resetAll();
  }
  const alone = await openReader(url, { live: "sse" });
  const broken = expect(alone.over).rejects.toThrow("terminated");
  await eventually("all of it", () => textOfEntries(alone.entries).endsWith("four"));
  proxy.resetAll();
  await broken;
  puppet.end();
  await durable.over;
  expect(textOfEntries(durable.entries)).toBe(await storedText(server, run));
  expectInOrder(durable.entries);
});

it("kill -9 of the worker in mid-text: readers who stay, and those who come, have the stored text", async () => {
  const chunks = 6;
  const shown = 3;
  const upstream = await openUpstream({ turns: () => [{ chunks }] });
  onTestFinished(() => upstream.close());
  const cluster = await openCluster({ store: "redis", workers: 1, apiNodes: 1, upstream: upstream.url });
  onTestFinished(() => cluster.close());
  const { url } = cluster.apis[0]!;
  const server = { url } as Parameters<typeof call>[0];
  const hold = upstream.hold(chunkPlace("killed", 1, 0, shown));
  const run = await startRun(server, AGENT, { message: "Go.", conversation_id: "killed" });
  const readers = await Promise.all(LIVE_WAYS.map((live: Way) => openReader(runUrl(url, run), { live })));
  await eventually("half of it is shown", () =>
    readers.every(({ entries }) => textOfEntries(entries).includes(`#1.${shown - 2}`)),
  );
  await cluster.workers[0]!.kill("SIGKILL");
  hold.release();
  await cluster.startWorker();
  await Promise.all(readers.map(({ over }) => over));
  const stored = await storedText(server, run);
  expect(stored).toContain(`, ${chunks - 1}: `);
  const late = await openReader(runUrl(url, run), { live: false });
  await late.over;
  for (const { entries } of [...readers, late]) {
    expect(textOfEntries(entries)).toBe(stored);
    expectInOrder(entries);
  }
  expect(late.entries.some(({ delta }) => delta?.includes("#1."))).toBe(false);
}, 60_000);

it("is recorded what the stock client was shown to do", () => {
  recordSupport({
    client: "@durable-streams/client",
    version: installedVersion("@durable-streams/client"),
    start: "no: it reads",
    stream: "yes",
    resume: "by its offset, or by itself over `durableFetch`",
    exact: "yes, folding entries",
    cancel: "no",
    approve: "no",
  });
});
