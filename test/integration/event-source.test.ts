import { EventSource } from "eventsource";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventually } from "../../src/testing/index.ts";
import { endOf, startRun, storedText } from "../support/api.ts";
import { openCuttingProxy } from "../support/cutting-proxy.ts";
import { openServer, STORE_KINDS, storePlace } from "../support/holdfast-server.ts";
import { renderedText } from "../support/stream-reader.ts";
import type { StreamEvent } from "../support/stream-reader.ts";
import { createPuppet, scriptAgent } from "../support/test-agents.ts";

const CHUNKS = ["one ", "two\n", "three ", "four ", "five\n\n", "six"];

describe.each(STORE_KINDS)("the stock EventSource on the %s store", (store) => {
  it("follows over several resets without a hole or a repeat, and stops by itself at the end", async () => {
    const puppet = createPuppet();
    const server = await openServer({ store, agents: [puppet.definition] });
    const proxy = await openCuttingProxy(server.port);
    const run = await startRun(server, "Puppet");
    const client = follow(`http://127.0.0.1:${proxy.port}${run.streamPath}`);
    for (const [index, chunk] of CHUNKS.entries()) {
      puppet.say(chunk);
      await eventually("the chunk", () => client.events.length > index);
      if (index % 2 === 0) proxy.resetAll();
    }
    puppet.end();
    await eventually("the client is closed", () => client.closed());
    expect(client.events.map(({ data }) => data)).toEqual([...CHUNKS, "[DONE]"]);
    expect(renderedText(client.events)).toBe(await storedText(server, run));
    expect(client.lastError()).toBe(204);
    expect(proxy.connections).toBeGreaterThan(3);
  });

  it("reads a finished run once and is then closed", async () => {
    const server = await openServer({ store, agents: [scriptAgent(CHUNKS)] });
    const run = await startRun(server, "Script");
    await endOf(server, run);
    const client = follow(server.url + run.streamPath);
    await eventually("the client is closed", () => client.closed());
    expect(renderedText(client.events)).toBe(CHUNKS.join(""));
    expect(client.events.filter(({ event }) => event === "done")).toHaveLength(1);
  });

  it("is closed at once by an unknown conversation", async () => {
    const server = await openServer({ store, agents: [scriptAgent(CHUNKS)] });
    const client = follow(`${server.url}/api/agent/stream/nobody`);
    await eventually("the client is closed", () => client.closed());
    expect(client.lastError()).toBe(404);
  });
});

it("the stock EventSource follows over a restart of the server, and is told to withdraw what is said again", async () => {
  const puppet = createPuppet();
  const open = await storePlace("sqlite");
  const server = await openServer({ store: await open(), agents: [puppet.definition] });
  const run = await startRun(server, "Puppet");
  const client = follow(server.url + run.streamPath);
  puppet.say("half of ");
  await eventually("the first half", () => client.events.length === 1);
  await server.stop();

  const { port } = server;
  const again = await openServer({ store: await open(), agents: [puppet.definition], port });
  puppet.say("the whole ", "of it");
  puppet.end();
  await eventually("the client is closed", () => client.closed());
  expect(client.events.map(({ event }) => event)).toContain("step-reset");
  expect(renderedText(client.events)).toBe("the whole of it");
  expect(await storedText(again, run)).toBe("the whole of it");
});

interface Follower {
  readonly events: readonly StreamEvent[];
  closed(): boolean;
  /** The HTTP status of the last error, if it was one. */
  lastError(): number | undefined;
}

function follow(url: string): Follower {
  const events: StreamEvent[] = [];
  let lastError: number | undefined;
  const source = new EventSource(url);
  onTestFinished(() => source.close());
  for (const event of ["message", "step-reset", "done"]) {
    source.addEventListener(event, ({ lastEventId, data }: MessageEvent<string>) => {
      events.push({ cursor: lastEventId, event, data });
    });
  }
  source.addEventListener("error", ({ code }) => {
    lastError = code;
  });
  return { events, closed: () => source.readyState === EventSource.CLOSED, lastError: () => lastError };
}
